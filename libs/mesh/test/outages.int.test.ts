import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { clientOf, model } from './inference.ts';
import {
  plainModel,
  plainVModel,
  refusal,
  setVModel,
  SKLEARN,
  startMeshFixture,
  untilModel,
  untilVModel,
  type Instance,
  type MeshFixture,
} from './mesh-fixture.ts';

async function keys({ store, prefix }: MeshFixture, table: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entries } of store.rangePrefix(`${prefix}${table}/`))
    found.push(...entries.map(({ key }) => key.slice(prefix.length)));
  return found;
}

/** A call of which every answer counts, with the milliseconds it took. */
async function timed<T>(call: Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const began = performance.now();
  const value = await call;
  return { ms: performance.now() - began, value };
}

describe('when instances come and go', () => {
  let mesh: MeshFixture;
  beforeEach(async () => {
    mesh = await startMeshFixture();
  });
  afterEach(() => mesh.stop());

  test('the models of a killed instance count as not loaded within seconds, and load elsewhere; its record goes within 30 s', async () => {
    const first = await mesh.startInstance('mm001');
    await first.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const second = await mesh.startInstance('mm002');
    await untilModel(second, 't1', 'LOADED');
    first.process.kill();
    assert.deepEqual(await untilModel(second, 't1', 'NOT_LOADED', 5_000), { status: 'NOT_LOADED' });
    await waitFor(async () => (await keys(mesh, 'instances')).length === 1, {
      timeoutMs: 30_000,
      what: 'the record to go with the lease',
    });
    const again = plainVModel(await second.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true })));
    assert.deepEqual(again.active, { status: 'LOADED', copies: [`${second.iid} UNKNOWN`] });
    // The latch passed over with the lease.
    assert.equal(plainVModel(await second.api.setVModel(setVModel('v1', 't2', { sync: true }))).activeModelId, 't2');
  });

  test('an instance that restarts under its id takes up again what the registry says it has', async () => {
    const first = await mesh.startInstance('mm001');
    await first.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const before = (await mesh.store.get(`${mesh.prefix}registry/t1`)).entry;
    first.process.kill();
    await first.process.exited;
    const again = await mesh.startInstance('mm001');
    await untilModel(again, 't1', 'LOADED');
    const after = (await mesh.store.get(`${mesh.prefix}registry/t1`)).entry;
    assert.notEqual(after?.value, before?.value);
    assert.match(after?.value ?? '', /"loadedIn":\{"5d8f6b-mm001":\d+\}/);
  });

  test('a stopped instance hands its copies over first: a reader never sees the model not loaded', async () => {
    const first = await mesh.startInstance('mm001');
    for (let index = 0; index < 20; index += 1)
      await first.api.setVModel(setVModel(`v${index}`, `t${index}`, { loadNow: true, sync: true }));
    const second = await mesh.startInstance('mm002');
    await untilModel(second, 't19', 'LOADED');
    const statuses = new Set<string | undefined>();
    const ended = new AbortController();
    const reader = (async () => {
      while (!ended.signal.aborted) statuses.add(plainModel(await second.api.getModelStatus({ modelId: 't7' })).status);
    })();
    const { ms } = await timed(first.process.stop());
    ended.abort();
    await reader;
    assert.deepEqual([...statuses], ['LOADED']);
    assert.ok(ms < 5_000, `took ${ms} ms`);
    assert.equal(await first.process.exited, 'code 0');
    assert.deepEqual(await keys(mesh, 'instances'), [`instances/${second.iid}`]);
    assert.deepEqual(plainModel(await second.api.getModelStatus({ modelId: 't7' })).copies, [`${second.iid} UNKNOWN`]);
  });

  test('with nothing to hand over it is gone in two seconds', async () => {
    const first = await mesh.startInstance('mm001');
    await first.api.registerModel({ modelId: 'm1', modelInfo: SKLEARN, loadNow: true, sync: true });
    const { ms } = await timed(first.process.stop());
    assert.ok(ms < 2_000, `took ${ms} ms`);
    assert.deepEqual([await keys(mesh, 'instances'), await keys(mesh, 'leaderLatch')], [[], []]);
    assert.equal((await mesh.store.get(`${mesh.prefix}registry/m1`)).entry?.value.includes('instanceIds'), false);
  });
});

describe('while etcd is away', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
    await instance.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
  });
  afterAll(() => mesh.stop());

  const checkAnswers = async (target: string) => {
    const known = plainVModel(await instance.api.getVModelStatus({ vModelId: 'v1' }));
    assert.deepEqual([known.status, known.active?.status], ['DEFINED', 'LOADED']);
    assert.equal(plainModel(await instance.api.getModelStatus({ modelId: target })).status, 'LOADED');
    assert.equal((await fetch(`${instance.probes}/ready`)).status, 200);
    const calls = await Promise.all([
      timed(refusal(instance.api.setVModel(setVModel('v1', target)))),
      // Not of one that stays in use: a frozen etcd carries out what it was sent when it continues.
      timed(refusal(instance.api.deleteVModel({ vModelId: 'unknown' }))),
      timed(refusal(instance.api.registerModel({ modelId: 'm1', modelInfo: SKLEARN }))),
      timed(refusal(instance.api.unregisterModel({ modelId: 'm1' }))),
      timed(refusal(instance.api.getModelStatus({ modelId: 'unknown' }))),
      timed(refusal(instance.api.getVModelStatus({ vModelId: 'unknown' }))),
    ]);
    for (const { ms, value } of calls) {
      assert.match(value, /^UNAVAILABLE etcd cannot be reached: /);
      assert.ok(ms < 2_200, `took ${ms} ms`);
    }
  };
  const checkRecovery = async (target: string) => {
    const { ms } = await timed(
      waitFor(
        async () =>
          plainVModel(await instance.api.setVModel(setVModel('v1', target, { sync: true }))).activeModelId === target,
        {
          timeoutMs: 8_000,
          what: 'writes to be taken again',
        },
      ),
    );
    assert.ok(ms < 5_000, `took ${ms} ms`);
  };

  test('killed: known models are answered, writes are refused immediately, and everything works within 5 s of its return', async () => {
    mesh.etcd.kill();
    await mesh.etcd.exited;
    await checkAnswers('t1');
    await mesh.restartEtcd();
    await checkRecovery('t2');
  });

  test('hanging: the same, and no call hangs with it', async () => {
    await mesh.freezeEtcd();
    await checkAnswers('t2');
    mesh.etcd.thaw();
    await checkRecovery('t3');
  });

  test('the outcome of a load in the meantime is written afterwards', async () => {
    const modelInfo = { ...SKLEARN, path: 'SIZE_8192_1000_0' };
    await instance.api.registerModel({ modelId: 'm2', modelInfo, loadNow: true });
    mesh.etcd.kill();
    await mesh.etcd.exited;
    await waitFor(
      async () =>
        /modelmesh_loadmodel_milliseconds_count 4/.test(await (await fetch(`${instance.metrics}/metrics`)).text()),
      {
        timeoutMs: 5_000,
        what: 'the load to end',
      },
    );
    await mesh.restartEtcd();
    await untilModel(instance, 'm2', 'LOADED');
    await waitFor(async () => (await mesh.store.get(`${mesh.prefix}registry/m2`)).entry?.value.includes('loadedIn'), {
      timeoutMs: 5_000,
      what: 'the record',
    });
  });

  test('a revoked lease is replaced, with both keys', async () => {
    const { entry } = await mesh.store.get(`${mesh.prefix}instances/${instance.iid}`);
    await mesh.store.revokeLease(entry?.lease ?? 0n);
    await waitFor(async () => (await keys(mesh, 'instances')).length + (await keys(mesh, 'leaderLatch')).length === 2, {
      timeoutMs: 8_000,
      what: 'the session to stand again',
    });
    await untilVModel(instance, 'v1', 'DEFINED');
    assert.equal(plainModel(await instance.api.getModelStatus({ modelId: 't3' })).status, 'LOADED');
  });
});

describe('while the model server is away', () => {
  test('what is placed there nevertheless is reported as gone, and not taken for loaded when the server is back', async () => {
    const mesh = await startMeshFixture();
    onTestEnd(() => mesh.stop());
    // It takes loads before it says that it is ready, and drops them when it does.
    const instance = await mesh.startInstance('mm001', {}, { START_MS: '1500' });
    const { iid, api, runtime } = instance;
    for (const modelId of ['m1', 'm2'])
      await api.registerModel({ modelId, modelInfo: SKLEARN, loadNow: modelId === 'm1', sync: modelId === 'm1' });
    const record = async (table: string, id: string) =>
      (await mesh.store.get(`${mesh.prefix}${table}/${id}`)).entry?.value ?? '';
    const isClosed = async () => (await record('instances', iid)).includes('"shutdown":true');
    runtime.process.kill();
    await runtime.process.exited;
    const client = clientOf(instance);
    onTestEnd(() => client.close());
    await client.predict(model('m1'), { timeoutMs: 5_000 });
    await waitFor(isClosed, { timeoutMs: 5_000, what: 'its record to say so' });
    await runtime.restart();
    const before = await record('registry', 'm2');
    const named = before.replace('"lu"', `"instanceIds":{"${iid}":${Date.now()}},"loadedIn":{"${iid}":0},"lu"`);
    assert.notEqual(named, before);
    await mesh.store.put(`${mesh.prefix}registry/m2`, named);
    await waitFor(async () => !(await isClosed()), { timeoutMs: 10_000, what: 'the server to be back' });
    const agree = async (): Promise<boolean> => {
      const has = ((await runtime.control('GET /models')) as readonly { readonly id: string }[]).length > 0;
      return has === (await record('registry', 'm2')).includes(`"loadedIn":{"${iid}"`);
    };
    await waitFor(agree, { timeoutMs: 5_000, what: 'registry and server to agree' });
  });
});

describe('at the start', () => {
  test('an etcd that is not there ends the process with code 1 within 5 s', async () => {
    const mesh = await startMeshFixture();
    mesh.etcd.kill();
    await mesh.etcd.exited;
    const { ms, value } = await timed(mesh.startInstance('mm001').then(() => 'started', String));
    assert.match(value, /code 1/);
    assert.ok(ms < 6_000, `took ${ms} ms`);
    await mesh.stop();
  });
});
