import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf } from './inference.ts';
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

const MINUTE_MS = 60_000;

describe('five instances and models that fail to load', () => {
  let mesh: MeshFixture;
  let instances: readonly Instance[];
  let first: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instances = await Promise.all(
      ['mm001', 'mm002', 'mm003', 'mm004', 'mm005'].map((name) => mesh.startInstance(name)),
    );
    const [one] = instances;
    assert.ok(one);
    first = one;
    await waitFor(async () => (await instanceCount(mesh)) === 5, { timeoutMs: 5_000, what: 'five instances' });
  });
  afterAll(() => mesh.stop());

  const register = (modelId: string, path: string, more: Readonly<Record<string, unknown>> = {}) =>
    first.api.registerModel({ modelId, modelInfo: { ...SKLEARN, path }, loadNow: true, sync: true, ...more });
  const loadsOf = async (modelId: string) => {
    const calls = await Promise.all(instances.map(({ runtime }) => runtime.calls()));
    return calls.flatMap((each) => each.filter((call) => call === `load ${modelId}`)).length;
  };
  const fixAll = () => Promise.all(instances.map(({ runtime }) => runtime.control('POST /fix')));
  const record = async (key: string) => (await mesh.store.get(mesh.prefix + key)).entry?.value ?? '';
  /** As if the failures of a model were so much older. */
  const age = async (modelId: string, ms: number) => {
    const old = (await record(`registry/${modelId}`)).replace(/"failedIn":\{[^}]*\}/, (failedIn) =>
      failedIn.replace(/\d{13}/g, (time) => String(Number(time) - ms)),
    );
    await mesh.store.put(`${mesh.prefix}registry/${modelId}`, old);
  };

  test('a model that fails everywhere is tried on three instances, and each failure is reported with place and time, newest first', async () => {
    const reply = await register('everywhere', 'FAIL_boom');
    assert.deepEqual(plainModel(reply).errors, ['INTERNAL: boom', 'INTERNAL: boom', 'INTERNAL: boom']);
    assert.equal(plainModel(reply).status, 'LOADING_FAILED');
    assert.equal(await loadsOf('everywhere'), 3);
    const times = reply.modelCopyInfos.map(({ time }) => Number(time));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    );
    assert.ok(times.every((time) => Math.abs(Date.now() - time) < 10_000));
    assert.equal(new Set(reply.modelCopyInfos.map(({ location }) => location)).size, 3);
  });

  test('a request for it is answered with the failure, through any instance', async () => {
    for (const instance of instances) {
      const client = clientOf(instance);
      assert.equal(textOf(await client.predict(model('everywhere'))), 'INTERNAL INTERNAL: boom');
      client.close();
    }
    assert.equal(await loadsOf('everywhere'), 3);
  });

  test('a model that fails on two instances is loaded on a third', async () => {
    const bad = instances.slice(0, 2).map(({ iid }) => iid);
    for (let index = 0; index < 5; index += 1) {
      const reply = plainModel(await register(`some${index}`, bad.map((iid) => `FAILAT_${iid}_full`).join('/')));
      assert.equal(reply.status, 'LOADED');
      const [holder = ''] = (reply.copies ?? []).filter((copy) => copy.endsWith('UNKNOWN'));
      assert.ok(!bad.some((iid) => holder.startsWith(iid)), holder);
    }
  });

  test('of a failure with code UNKNOWN only the message is reported', async () => {
    const [error] = plainModel(await register('odd', 'FAILCODE_UNKNOWN_odd')).errors ?? [];
    assert.equal(error, 'odd');
  });

  test('a failed target is tried again by itself; failed goes when that begins, and the switch follows when it succeeds', async () => {
    await first.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const modelInfo = { ...SKLEARN, path: 'FAIL_away/SIZE_8192_300_0' };
    const failed = plainVModel(await first.api.setVModel(setVModel('v1', 't2', { modelInfo, sync: true })));
    assert.equal(failed.status, 'TRANSITION_FAILED');
    await fixAll();
    const watch = recordChanges(mesh, (await mesh.store.readHead()).revision + 1n);
    await age('t2', 2 * MINUTE_MS);
    await untilVModel(first, 'v1', 'DEFINED');
    await waitFor(() => watch.revisions.flat().some((line) => line === 'delete registry/t1'), {
      timeoutMs: 5_000,
      what: 'the old model to go',
    });
    await watch.stop();
    assert.deepEqual(
      watch.revisions.flat().filter((line) => line.includes('vmodels/v1')),
      ['put vmodels/v1 {"o":"ksp","amid":"t1","tmid":"t2"}', 'put vmodels/v1 {"o":"ksp","amid":"t2","tmid":"t2"}'],
    );
  });

  test('a failed active model is tried again when setVModel asks with loadNow, once its failure is five seconds old', async () => {
    const modelInfo = { ...SKLEARN, path: 'FAILONCE_away' };
    // Its storage was away for every instance; on three of them it was seen.
    const set = () => first.api.setVModel(setVModel('v2', 'u1', { modelInfo, loadNow: true, sync: true }));
    assert.equal(plainVModel(await set()).active?.status, 'LOADING_FAILED');
    const before = await loadsOf('u1');
    assert.equal(plainVModel(await set()).active?.status, 'LOADING_FAILED');
    assert.equal(await loadsOf('u1'), before);
    await age('u1', 6_000);
    await waitFor(async () => plainVModel(await set()).active?.status === 'LOADED', {
      timeoutMs: 4_000,
      what: 'the model to be loaded again',
    });
    assert.equal((await record('registry/u1')).includes('failedIn'), false);
  });

  test('a request begins a new attempt once the failure is five seconds old', async () => {
    await register('asked', 'FAILONCE_away');
    const client = clientOf(first);
    assert.equal(textOf(await client.predict(model('asked'))), 'INTERNAL INTERNAL: away');
    await age('asked', 6_000);
    // Sooner than it would be by itself.
    const isThere = async () => textOf(await client.predict(model('asked'))) === 'hello';
    await waitFor(isThere, { timeoutMs: 4_000, what: 'an answer' });
    client.close();
  });

  test('what failed and a vmodel names is tried again by the leader; what failed a quarter of an hour ago is forgotten', async () => {
    // What fails by its code is never fixed, so only the number of loads shows the retry.
    const modelInfo = { ...SKLEARN, path: 'FAILCODE_INTERNAL_gone' };
    await first.api.setVModel(setVModel('v3', 'w1', { modelInfo, loadNow: true, sync: true }));
    assert.equal(await loadsOf('w1'), 3);
    await age('w1', 2 * MINUTE_MS);
    await age('everywhere', 16 * MINUTE_MS);
    await waitFor(async () => (await loadsOf('w1')) === 6, { timeoutMs: 35_000, what: 'three more loads' });
    await untilModel(first, 'w1', 'LOADING_FAILED');
    assert.deepEqual(await untilModel(first, 'everywhere', 'NOT_LOADED'), { status: 'NOT_LOADED' });
  });

  test('when three of them stop, their models are still served by the other two', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    await Promise.all(ids.map((id) => register(id, 'SIZE_8192_10_0')));
    const [staying, leaving] = [instances.slice(0, 2), instances.slice(2)];
    const clients = staying.map((instance) => clientOf(instance));
    await Promise.all(leaving.map(({ process }) => process.stop(20_000)));
    const holders = staying.map(({ iid }) => iid);
    for (const id of ids) {
      for (const client of clients) assert.equal(textOf(await client.predict(model(id))), 'hello');
      const { copies = [] } = await untilModel(first, id, 'LOADED');
      assert.ok(
        copies.length > 0 && copies.every((copy) => holders.some((iid) => copy.startsWith(iid))),
        copies.join(),
      );
    }
    for (const client of clients) client.close();
  });
});

async function instanceCount({ store, prefix }: MeshFixture): Promise<number> {
  let count = 0;
  for await (const { entries } of store.rangePrefix(`${prefix}instances/`)) count += entries.length;
  return count;
}
