import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, type Client } from './inference.ts';
import { SKLEARN, startMeshFixture, type Instance, type MeshFixture } from './mesh-fixture.ts';

const GIB = String(1024 ** 3);

describe('what an instance reports about itself', () => {
  let mesh: MeshFixture;
  let client: Client | undefined;
  beforeAll(async () => {
    mesh = await startMeshFixture();
  });
  afterAll(async () => {
    client?.close();
    await mesh.stop();
  });
  const entryOf = async (key: string) => (await mesh.store.get(mesh.prefix + key)).entry;
  const recordOf = async ({ iid }: Instance) => (await entryOf(`instances/${iid}`))?.value ?? '';
  const plain = (value: string) => value.replaceAll(/\b\d{13}\b/g, 'T').replace(/"peer":"[^"]+"/, '"peer":"P"');

  test('its record: the properties of the original in their order, without those that are empty, and our mark', async () => {
    const small = await mesh.startInstance('mm001', {}, { CAPACITY_BYTES: GIB });
    const large = await mesh.startInstance(
      'mm002',
      { MM_LABELS: 'rt:py,mt:sklearn', MM_ZONE: 'z1' },
      { CAPACITY_BYTES: GIB, DEFAULT_SIZE_BYTES: String(50 * 1024 ** 2) },
    );
    const mark = '"meshkeeper":{"peer":"P"}';
    const idle = (cap: number, more = '') =>
      `{"startTime":T,"vers":T,"loc":"127.0.0.11",${more}"actionable":true,"lruTime":9223372036854775807,"cap":${cap},"lThreads":6,${mark}}`;
    assert.deepEqual(
      [plain(await recordOf(small)), plain(await recordOf(large))],
      [idle(129_762), idle(121_472, '"zone":"z1","labels":["mt:sklearn","rt:py"],')],
    );
    const modelInfo = { ...SKLEARN, path: 'SIZE_16000_0_0' };
    for (const modelId of ['m1', 'm2'])
      await small.api.registerModel({ modelId, modelInfo, loadNow: true, sync: true });
    client = clientOf(small);
    for (const id of ['m1', 'm2', 'm1']) await client.predict(model(id));
    const inUse =
      /^\{"startTime":T,"vers":T,.*"actionable":true,"lruTime":T,"count":1,"cap":\d+,"used":2,"lThreads":6,"rpm":[12],"meshkeeper":\{"peer":"P"\}\}$/;
    for (const instance of [small, large]) {
      await waitFor(async () => inUse.test(plain(await recordOf(instance))), {
        timeoutMs: 8_000,
        what: 'its record to show a copy in use',
      });
    }
  });

  test('the record and the latch hang on one lease of 25 s; the latch names its instance and came after the record', async () => {
    const record = await entryOf('instances/5d8f6b-mm001');
    const latch = await entryOf('leaderLatch/_5d8f6b-mm001');
    assert.ok(record && latch);
    assert.equal(latch.value, '_5d8f6b-mm001');
    assert.equal(latch.lease, record.lease);
    assert.ok(latch.createRevision > record.createRevision);
    assert.equal(await mesh.store.keepLeaseAlive(record.lease), 25);
  });
});
