import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf } from './inference.ts';
import { setVModel, SKLEARN, startMeshFixture, untilModel, type Instance, type MeshFixture } from './mesh-fixture.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

async function inParallel<T>(width: number, items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: width }, work));
}

/** Sizes are only known after the load, 50 ms later; before, a runtime takes each model for 50 MiB. */
const LARGE_GUESSES = {
  CAPACITY_BYTES: String(GIB),
  DEFAULT_SIZE_BYTES: String(50 * MIB),
  LOAD_CONCURRENCY: '6',
  REPORT_SIZE: 'size',
};

describe('a burst of loads', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001', {}, LARGE_GUESSES);
  });
  afterAll(() => mesh.stop());

  test('2,000 small models all stay loaded, although each is guessed to be large, and each is loaded in its turn', async () => {
    const modelInfo = { ...SKLEARN, path: 'SIZE_8192_0_0' };
    const ids = Array.from({ length: 2_000 }, (_, index) => `m${index}`);
    await inParallel(16, ids.slice(0, 1_000), async (id) => {
      await instance.api.setVModel(setVModel(`v-${id}`, id, { modelInfo, loadNow: true, sync: true }));
    });
    await inParallel(16, ids.slice(1_000), async (id) => {
      await instance.api.setVModel(setVModel(`v-${id}`, id, { modelInfo, loadNow: true }));
    });
    await waitFor(
      async () => (await instance.runtime.calls()).filter((call) => call.startsWith('load ')).length === 2_000,
      {
        timeoutMs: 60_000,
        what: '2,000 loads',
        intervalMs: 200,
      },
    );
    for (const id of ['m0', 'm999', 'm1999']) await untilModel(instance, id, 'LOADED');
    const calls = await instance.runtime.calls();
    assert.deepEqual(
      calls.filter((call) => !call.startsWith('load ')),
      [],
    );
    // Sixteen wait at a time: none is overtaken by more than come with it.
    const order = calls.map((call) => Number(call.slice('load m'.length))).filter((index) => index < 1_000);
    const displaced = Math.max(...order.map((index, place) => Math.abs(index - place)));
    assert.ok(displaced <= 32, `one was loaded ${displaced} places off its turn`);
  });
});

describe('a cache that is full', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    const limits = { CAPACITY_BYTES: String(GIB), DEFAULT_SIZE_BYTES: String(50 * MIB), LOAD_TIMEOUT_MS: '100' };
    instance = await mesh.startInstance('mm001', {}, limits);
  });
  afterAll(() => mesh.stop());

  test('a request’s load displaces the least recently used, and the registry forgets its copy', async () => {
    const client = clientOf(instance);
    const modelInfo = { ...SKLEARN, path: `SIZE_${50 * MIB}_0_0` };
    const now = Date.now();
    // Eighteen of 50 MiB fit beside what is kept for unloads; the first was used the longest ago.
    for (let index = 0; index < 18; index += 1) {
      const lastUsedTime = BigInt(now - 3_600_000 + index * 1_000);
      await instance.api.registerModel({ modelId: `m${index}`, modelInfo, loadNow: true, sync: true, lastUsedTime });
    }
    await instance.api.registerModel({ modelId: 'new', modelInfo, loadNow: false, sync: false });
    assert.equal(textOf(await client.predict(model('new'))), 'hello');
    await untilModel(instance, 'm0', 'NOT_LOADED');
    await untilModel(instance, 'm1', 'LOADED');
    const record = (await mesh.store.get(`${mesh.prefix}registry/m0`)).entry?.value ?? '';
    assert.match(record, /"lul":\d+/);
    assert.doesNotMatch(record, /instanceIds/);
    client.close();
  });
});
