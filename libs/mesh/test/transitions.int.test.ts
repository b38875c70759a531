import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { waitFor } from '@meshkeeper/sandbox';
import {
  plainModel,
  plainVModel,
  recordChanges,
  setVModel,
  SKLEARN,
  startMeshFixture,
  untilModel,
  untilVModel,
  type Instance,
  type MeshFixture,
} from './mesh-fixture.ts';

const INFO = '"type":"mt:sklearn","encKey":"{\\"storage_key\\":\\"k\\"}"';

/** The revisions that a watcher saw, up to one that holds `last`. */
async function untilSeen(
  watch: ReturnType<typeof recordChanges>,
  last: string,
): Promise<readonly (readonly string[])[]> {
  await waitFor(() => watch.revisions.flat().some((line) => line.includes(last)), {
    timeoutMs: 10_000,
    what: `a watcher to see ${last}`,
  });
  await watch.stop();
  return watch.revisions;
}

describe('what a watcher of the records sees, one instance', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
  });
  afterAll(() => mesh.stop());

  test('a transition: the target with its vmodel, its load, its completion, and the switch with the old one deleted', async () => {
    await instance.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const { revision } = await mesh.store.readHead();
    const watch = recordChanges(mesh, revision + 1n);
    await instance.api.setVModel(setVModel('v1', 't2', { sync: true }));
    const held = `"mPath":"model.joblib","autoDel":true,"instanceIds":{"${instance.iid}":T},"refs":1,"lu":T`;
    assert.deepEqual(await untilSeen(watch, 'delete registry/t1'), [
      [
        'put vmodels/v1 {"o":"ksp","amid":"t1","tmid":"t2"}',
        `put registry/t2 {${INFO},"mPath":"model.joblib","autoDel":true,"refs":1,"lu":T}`,
      ],
      [`put registry/t2 {${INFO},${held},"loadedIn":{"${instance.iid}":0}}`],
      [`put registry/t2 {${INFO},${held},"loadedIn":{"${instance.iid}":T}}`],
      ['put vmodels/v1 {"o":"ksp","amid":"t2","tmid":"t2"}', 'delete registry/t1'],
    ]);
  });

  test('deleting a vmodel deletes its models first, in the same revision', async () => {
    await instance.api.setVModel(setVModel('v2', 't3'));
    const { revision } = await mesh.store.readHead();
    const watch = recordChanges(mesh, revision + 1n);
    await instance.api.deleteVModel({ vModelId: 'v2' });
    assert.deepEqual(await untilSeen(watch, 'delete vmodels/v2'), [['delete registry/t3', 'delete vmodels/v2']]);
  });

  test('a target that no instance may hold fails with the reason, and is loaded once one may', async () => {
    const path = `${mesh.folder}/constraints.json`;
    writeFileSync(path, '{"_default":{"required":["_no_runtime"]}}');
    const strict = await mesh.startInstance('mm00s', { MM_TYPE_CONSTRAINTS_PATH: path, MM_SERVICE_NAME: 'strict' });
    const text = 'There are no running instances that meet the label requirements of type mt:sklearn: [_no_runtime]';
    const reply = plainVModel(await strict.api.setVModel(setVModel('c1', 'ct1', { loadNow: true })));
    assert.deepEqual(reply.active, { status: 'LOADING_FAILED', errors: [text] });
    assert.deepEqual(plainModel(await strict.api.getModelStatus({ modelId: 'ct1' })), { status: 'NOT_LOADED' });

    writeFileSync(path, '{"mt:sklearn":{"required":[]},"_default":{"required":["_no_runtime"]}}');
    await waitFor(
      async () => plainModel(await strict.api.ensureLoaded({ modelId: 'ct1', sync: true })).status === 'LOADED',
      {
        timeoutMs: 10_000,
        what: 'the new constraints',
      },
    );
    const other = { ...SKLEARN, type: 'mt:other' };
    const failed = plainVModel(await strict.api.setVModel(setVModel('c1', 'ct2', { modelInfo: other, sync: true })));
    const none = text.replace('mt:sklearn', 'mt:other');
    assert.deepEqual(
      [failed.status, failed.target],
      ['TRANSITION_FAILED', { status: 'LOADING_FAILED', errors: [none] }],
    );
    writeFileSync(path, '{}');
    await untilVModel(strict, 'c1', 'DEFINED', 15_000);
  });
});

describe('what a watcher of the records sees, two instances', () => {
  let mesh: MeshFixture;
  let first: Instance;
  let second: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    first = await mesh.startInstance('mm001');
    second = await mesh.startInstance('mm002');
    await waitFor(async () => (await instancesSeen(mesh)) === 2, { timeoutMs: 5_000, what: 'two instances' });
  });
  afterAll(() => mesh.stop());

  test('models are spread, whichever instance is asked', async () => {
    for (let index = 0; index < 6; index += 1) {
      const api = index % 2 === 0 ? first.api : second.api;
      await api.setVModel(setVModel(`s${index}`, `st${index}`, { loadNow: true, sync: true }));
    }
    const { entry } = await mesh.store.get(`${mesh.prefix}registry/st0`);
    assert.ok(entry);
    const counts = await Promise.all([first, second].map(({ iid }) => countOf(mesh, iid)));
    assert.deepEqual(counts, [3, 3]);
  });

  test('a failing target is tried on both in turn, then the vmodel is marked, and that stays', async () => {
    const { api } = second;
    await api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const { revision } = await mesh.store.readHead();
    const watch = recordChanges(mesh, revision + 1n);
    const modelInfo = { ...SKLEARN, path: 'FAIL_no such file' };
    const reply = plainVModel(await api.setVModel(setVModel('v1', 't2', { modelInfo, sync: true })));
    assert.deepEqual(
      [reply.status, reply.target?.errors],
      ['TRANSITION_FAILED', ['INTERNAL: no such file', 'INTERNAL: no such file']],
    );
    const seen = (await untilSeen(watch, '"failed":true')).flat();
    const fail = (iid: string) => `"${iid}":{"msg":"INTERNAL: no such file"}`;
    const [one, two] = seen[2]?.includes(first.iid) ? [first.iid, second.iid] : [second.iid, first.iid];
    const path = '"mPath":"FAIL_no such file","autoDel":true';
    assert.deepEqual(seen, [
      'put vmodels/v1 {"o":"ksp","amid":"t1","tmid":"t2"}',
      `put registry/t2 {${INFO},${path},"refs":1,"lu":T}`,
      `put registry/t2 {${INFO},${path},"instanceIds":{"${one}":T},"refs":1,"lu":T,"loadedIn":{"${one}":0}}`,
      `put registry/t2 {${INFO},${path},"instanceIds":{"${two}":T},"failedIn":{"${one}":T},"fails":{${fail(one)}},"refs":1,"lu":T,"loadedIn":{"${two}":0}}`,
      `put registry/t2 {${INFO},${path},"failedIn":{"${one}":T,"${two}":T},"fails":{${fail(one)},${fail(two)}},"refs":1,"lu":T}`,
      'put vmodels/v1 {"o":"ksp","amid":"t1","tmid":"t2","failed":true}',
    ]);
    for (const instance of [first, second]) {
      const status = plainVModel(await instance.api.getVModelStatus({ vModelId: 'v1' }));
      assert.deepEqual([status.status, status.target?.status], ['TRANSITION_FAILED', 'LOADING_FAILED']);
    }
  });

  test('a load that fails on one instance succeeds on the other', async () => {
    for (const [index, bad] of [first, second].entries()) {
      const modelInfo = { ...SKLEARN, path: `FAILAT_${bad.iid}_full` };
      await first.api.registerModel({ modelId: `f${index}`, modelInfo, loadNow: true });
      await untilModel(second, `f${index}`, 'LOADED');
    }
  });

  test('both answer the same, and transitions asked of the follower complete', async () => {
    const leader = await leaderOf(mesh);
    const follower = first.iid === leader ? second : first;
    await follower.api.setVModel(setVModel('b1', 'bt1', { loadNow: true, sync: true }));
    const reply = plainVModel(await follower.api.setVModel(setVModel('b1', 'bt2', { sync: true })));
    assert.deepEqual([reply.status, reply.activeModelId, reply.active?.status], ['DEFINED', 'bt2', 'LOADED']);
    for (const instance of [first, second]) {
      await waitFor(
        async () => plainVModel(await instance.api.getVModelStatus({ vModelId: 'b1' })).activeModelId === 'bt2',
        {
          timeoutMs: 2_000,
          what: 'the view to follow',
        },
      );
    }
  });

  test('many concurrent calls about one vmodel, over both, end in one consistent state without leaked references', async () => {
    const calls = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? first : second).api.setVModel(setVModel('race', `rt${index % 5}`)),
    );
    await Promise.all(calls);
    await waitFor(
      async () => {
        const status = plainVModel(await first.api.getVModelStatus({ vModelId: 'race' }));
        return status.status === 'DEFINED';
      },
      { timeoutMs: 10_000, what: 'the race to settle' },
    );
    await first.api.deleteVModel({ vModelId: 'race' });
    const left = await registryKeys(mesh);
    assert.deepEqual(
      left.filter((id) => /^rt\d$/.test(id)),
      [],
    );
  });
});

async function registryKeys({ store, prefix }: MeshFixture): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { entries } of store.rangePrefix(`${prefix}registry/`)) {
    keys.push(...entries.map(({ key }) => key.slice(`${prefix}registry/`.length)));
  }
  return keys;
}

async function instancesSeen({ store, prefix }: MeshFixture): Promise<number> {
  let count = 0;
  for await (const { entries } of store.rangePrefix(`${prefix}instances/`)) count += entries.length;
  return count;
}

async function countOf({ store, prefix }: MeshFixture, iid: string): Promise<number> {
  let count = 0;
  for await (const { entries } of store.rangePrefix(`${prefix}registry/`)) {
    count += entries.filter(({ value }) => value.includes(`"instanceIds":{"${iid}"`)).length;
  }
  return count;
}

async function leaderOf({ store, prefix }: MeshFixture): Promise<string | undefined> {
  for await (const { entries } of store.rangePrefix(`${prefix}leaderLatch/`)) {
    const [oldest] = [...entries].sort((left, right) => Number(left.createRevision - right.createRevision));
    return oldest?.value.slice(1);
  }
  return undefined;
}
