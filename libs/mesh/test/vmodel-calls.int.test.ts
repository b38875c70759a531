import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
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

const SLOW = { ...SKLEARN, path: 'SIZE_1000_60000_0' };
const BOOM = { ...SKLEARN, path: 'FAIL_boom' };

/** The rows of the observed tables "setVModel" and "getVModelStatus, deleteVModel". */
describe('calls about vmodels', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
  });
  afterAll(() => mesh.stop());

  const set = async (...args: Parameters<typeof setVModel>) =>
    plainVModel(await instance.api.setVModel(setVModel(...args)));
  const refused = (...args: Parameters<typeof setVModel>) => refusal(instance.api.setVModel(setVModel(...args)));
  const status = async (vModelId: string, owner = '') =>
    plainVModel(await instance.api.getVModelStatus({ vModelId, owner }));
  const record = async (key: string) => (await mesh.store.get(mesh.prefix + key)).entry?.value.replace(/\d{13}/g, 'T');
  const head = async () => (await mesh.store.readHead()).revision;
  const copy = () => ({ copies: [`${instance.iid} UNKNOWN`] });
  const defined = (id: string, active: object, owner = 'ksp') => ({
    status: 'DEFINED',
    activeModelId: id,
    targetModelId: id,
    owner,
    active,
  });

  test('ids, a target and a type must be given', async () => {
    assert.equal(await refused('', 't'), 'INVALID_ARGUMENT Must provide vModelId');
    assert.equal(await refused('v1', ''), 'INVALID_ARGUMENT Must provide target modelId for vmodel v1');
    const text = 'INVALID_ARGUMENT Must provide non-empty model type string';
    assert.equal(await refused('v1', 't', { modelInfo: { path: 'p' } }), text);
    for (const modelInfo of [undefined, { type: '', path: '', key: '' }]) {
      assert.equal(await refused('v1', 't-none', { modelInfo }), 'NOT_FOUND Target model t-none not found');
    }
  });

  test('creating fills in the default owner and loads nothing', async () => {
    assert.deepEqual(await set('c1', 'ct1'), defined('ct1', { status: 'NOT_LOADED' }));
    assert.equal(await record('vmodels/c1'), '{"o":"ksp","amid":"ct1","tmid":"ct1"}');
    assert.equal(
      await record('registry/ct1'),
      '{"type":"mt:sklearn","encKey":"{\\"storage_key\\":\\"k\\"}","mPath":"model.joblib","autoDel":true,"refs":1,"lu":T}',
    );
  });

  test('creating with loadNow answers LOADING, with sync the end of the load, failed or not', async () => {
    assert.deepEqual(await set('l1', 'lt1', { loadNow: true }), defined('lt1', { status: 'LOADING', ...copy() }));
    assert.deepEqual(
      await set('l2', 'lt2', { loadNow: true, sync: true }),
      defined('lt2', { status: 'LOADED', ...copy() }),
    );
    const failed = { status: 'LOADING_FAILED', errors: ['INTERNAL: boom'], copies: [`${instance.iid} LOADING_FAILED`] };
    assert.deepEqual(await set('l3', 'lt3', { modelInfo: BOOM, loadNow: true, sync: true }), defined('lt3', failed));
  });

  test('sync does not wait without the attributes of the model', async () => {
    await set('s1', 'st1', { modelInfo: SLOW });
    const reply = await set('s1', 'st1', { modelInfo: undefined, loadNow: true, sync: true });
    assert.deepEqual(reply, defined('st1', { status: 'LOADING', ...copy() }));
  });

  test('repeating it identically writes nothing', async () => {
    const first = await set('r1', 'rt1', { owner: 'isvc', loadNow: true, sync: true });
    const before = (await mesh.store.get(`${mesh.prefix}vmodels/r1`)).entry?.modRevision;
    const model = (await mesh.store.get(`${mesh.prefix}registry/rt1`)).entry?.modRevision;
    assert.deepEqual(await set('r1', 'rt1', { owner: 'isvc', loadNow: true }), first);
    assert.equal((await mesh.store.get(`${mesh.prefix}vmodels/r1`)).entry?.modRevision, before);
    assert.equal((await mesh.store.get(`${mesh.prefix}registry/rt1`)).entry?.modRevision, model);
  });

  test('updateOnly and another expected target need the vmodel to be there', async () => {
    assert.equal(await refused('u1', 't', { updateOnly: true }), 'NOT_FOUND vmodel u1 not found');
    assert.equal(await refused('u1', 't', { expectedTargetModelId: 'e' }), 'FAILED_PRECONDITION vmodel u1 not found');
    assert.equal((await set('u1', 'ut1', { expectedTargetModelId: 'ut1' })).status, 'DEFINED');
  });

  test('a wrong expected target is refused unless the current one is the requested one', async () => {
    await set('x1', 'xt1');
    assert.equal(await refused('x1', 'xt1', { expectedTargetModelId: 'zz' }), 'OK');
    const text = 'FAILED_PRECONDITION Existing target model xt1 does not match expected zz';
    assert.equal(await refused('x1', 'xt2', { expectedTargetModelId: 'zz' }), text);
    assert.equal(await refused('x1', 'zz', { expectedTargetModelId: 'zz' }), text);
    assert.equal((await set('x1', 'xt2', { expectedTargetModelId: 'xt1' })).targetModelId, 'xt2');
  });

  test('another owner is refused, a blank one is any; a record without owner has the blank owner', async () => {
    await set('o1', 'ot1', { owner: 'isvc' });
    const text = 'ALREADY_EXISTS vmodel o1 already exists with different owner "isvc"';
    assert.equal(await refused('o1', 'ot1', { owner: 'ksp' }), text);
    assert.equal(await refused('o1', 'ot2', { owner: 'ksp' }), text);
    assert.equal(await refused('o1', 'ot1'), 'OK');
    await mesh.store.put(`${mesh.prefix}vmodels/o2`, '{"amid":"ot1","tmid":"ot1"}');
    const unnamed = 'ALREADY_EXISTS vmodel o2 already exists with different owner "null"';
    assert.equal(await refused('o2', 'ot1', { owner: 'isvc' }), unnamed);
  });

  test('a target that exists keeps its attributes', async () => {
    await set('a1', 'at1');
    const text = 'ALREADY_EXISTS Target model at1 already exists with different attribute values';
    assert.equal(await refused('a1', 'at1', { modelInfo: BOOM }), text);
  });

  test('an active model that is not loaded is replaced immediately, in one revision, and nothing loads', async () => {
    await set('i1', 'it1');
    const before = await head();
    assert.deepEqual(await set('i1', 'it2'), defined('it2', { status: 'NOT_LOADED' }));
    assert.equal(await head(), before + 1n);
    assert.equal(await record('registry/it1'), undefined);
  });

  test('a loaded active model serves until its successor is loaded', async () => {
    await set('t1', 'tt1', { loadNow: true, sync: true });
    const reply = await set('t1', 'tt2');
    assert.deepEqual(
      { ...reply, target: reply.target?.status },
      {
        status: 'TRANSITIONING',
        activeModelId: 'tt1',
        targetModelId: 'tt2',
        owner: 'ksp',
        active: { status: 'LOADED', ...copy() },
        target: 'LOADING',
      },
    );
    assert.deepEqual(await untilVModel(instance, 't1', 'DEFINED'), defined('tt2', { status: 'LOADED', ...copy() }));
    assert.equal(await record('registry/tt1'), undefined);
    assert.equal(await record('vmodels/t1'), '{"o":"ksp","amid":"tt2","tmid":"tt2"}');
  });

  test('sync waits for the end of a transition, good or bad', async () => {
    await set('y1', 'yt1', { loadNow: true, sync: true });
    assert.deepEqual(await set('y1', 'yt2', { sync: true }), defined('yt2', { status: 'LOADED', ...copy() }));
    assert.deepEqual(await set('y1', 'yt3', { sync: true, modelInfo: BOOM }), {
      status: 'TRANSITION_FAILED',
      activeModelId: 'yt2',
      targetModelId: 'yt3',
      owner: 'ksp',
      active: { status: 'LOADED', ...copy() },
      target: { status: 'LOADING_FAILED', errors: ['INTERNAL: boom'], copies: [`${instance.iid} LOADING_FAILED`] },
    });
    assert.equal(await record('vmodels/y1'), '{"o":"ksp","amid":"yt2","tmid":"yt3","failed":true}');
  });

  test('a failed transition stays as it is, and a good target ends it', async () => {
    await set('f1', 'ft1', { loadNow: true, sync: true });
    const failed = await set('f1', 'ft2', { sync: true, modelInfo: BOOM });
    const before = (await mesh.store.get(`${mesh.prefix}registry/ft2`)).entry?.modRevision;
    assert.deepEqual(await set('f1', 'ft2', { modelInfo: BOOM, loadNow: true }), failed);
    assert.equal((await mesh.store.get(`${mesh.prefix}registry/ft2`)).entry?.modRevision, before);
    assert.deepEqual(await set('f1', 'ft3', { sync: true }), defined('ft3', { status: 'LOADED', ...copy() }));
    assert.equal(await record('registry/ft2'), undefined);
  });

  test('going back to the active model cancels a transition and leaks no reference', async () => {
    await set('b1', 'bt1', { loadNow: true, sync: true });
    const before = await record('registry/bt1');
    await set('b1', 'bt2', { modelInfo: SLOW });
    assert.deepEqual(await set('b1', 'bt1'), defined('bt1', { status: 'LOADED', ...copy() }));
    assert.equal(await record('registry/bt1'), before);
    assert.equal(await record('registry/bt2'), undefined);
    assert.equal(await refusal(instance.api.deleteVModel({ vModelId: 'b1' })), 'OK');
    assert.equal(await record('registry/bt1'), undefined);
  });

  test('force switches immediately, loads, and leaks no reference even when the target was pending', async () => {
    await set('p1', 'pt1', { loadNow: true, sync: true });
    await set('p1', 'pt2', { modelInfo: SLOW });
    await untilModel(instance, 'pt2', 'LOADING');
    const forced = await set('p1', 'pt2', { modelInfo: SLOW, force: true });
    assert.deepEqual(forced, defined('pt2', { status: 'LOADING', ...copy() }));
    assert.equal(await record('registry/pt1'), undefined);
    assert.match((await record('registry/pt2')) ?? '', /"refs":1,/);
    assert.deepEqual(await set('p1', 'pt3', { force: true }), defined('pt3', { status: 'LOADING', ...copy() }));
  });

  test('a target that is loaded already is switched to immediately', async () => {
    await set('q1', 'qt1', { loadNow: true, sync: true });
    await instance.api.registerModel({ modelId: 'qt2', modelInfo: SKLEARN, loadNow: true, sync: true });
    assert.deepEqual(await set('q1', 'qt2'), defined('qt2', { status: 'LOADED', ...copy() }));
    assert.equal(
      await refusal(instance.api.unregisterModel({ modelId: 'qt2' })),
      'FAILED_PRECONDITION Model qt2 has referents',
    );
  });

  test('autoDelete counts only for the call that creates the model', async () => {
    await instance.api.registerModel({ modelId: 'kt1', modelInfo: SKLEARN });
    await set('k1', 'kt1', { autoDeleteTargetModel: true });
    await instance.api.deleteVModel({ vModelId: 'k1' });
    assert.ok(await record('registry/kt1'));
  });

  test('a waiting call ends when the vmodel is deleted, and when another target supersedes its own', async () => {
    await set('w1', 'wt1', { loadNow: true, sync: true });
    const deleted = refused('w1', 'wt2', { modelInfo: SLOW, sync: true });
    await untilModel(instance, 'wt2', 'LOADING');
    await instance.api.deleteVModel({ vModelId: 'w1' });
    assert.equal(await deleted, 'NOT_FOUND vmodel w1 was deleted in the meantime');
    assert.deepEqual([await record('registry/wt1'), await record('registry/wt2')], [undefined, undefined]);

    await set('w2', 'wt3', { loadNow: true, sync: true });
    const superseded = set('w2', 'wt4', { modelInfo: SLOW, sync: true });
    await untilModel(instance, 'wt4', 'LOADING');
    await set('w2', 'wt5', { modelInfo: SLOW });
    const { status, targetModelId } = await superseded;
    assert.deepEqual({ status, targetModelId }, { status: 'TRANSITIONING', targetModelId: 'wt5' });
    assert.equal(await record('registry/wt4'), undefined);
  });

  test('a vanished target is created again by repeating the call', async () => {
    await set('e1', 'et1', { loadNow: true, sync: true });
    await mesh.store.delete(`${mesh.prefix}registry/et1`);
    await waitFor(async () => (await status('e1')).active?.status === undefined, {
      timeoutMs: 5_000,
      what: 'the loss to show',
    });
    assert.deepEqual(await status('e1'), { ...defined('et1', {}), status: 'DEFINED' });
    assert.deepEqual(
      await set('e1', 'et1', { loadNow: true, sync: true }),
      defined('et1', { status: 'LOADED', ...copy() }),
    );
  });

  test('a malformed record is INTERNAL and stops no other vmodel', async () => {
    await mesh.store.put(`${mesh.prefix}vmodels/m1`, '{"amid":7}');
    const text = 'INTERNAL The record of vmodel m1 is malformed. Its property amid has the wrong type';
    assert.equal(await refused('m1', 'mt1'), text);
    assert.equal(await refusal(instance.api.getVModelStatus({ vModelId: 'm1' })), text);
    assert.equal((await set('m2', 'mt2')).status, 'DEFINED');
  });

  test('unknown properties survive every rewrite, at the end', async () => {
    const key = `${mesh.prefix}registry/zt1`;
    await mesh.store.put(
      key,
      '{"x":{"n":9223372036854775807},"type":"mt:sklearn","mPath":"model.joblib","encKey":"k"}',
    );
    await set('z1', 'zt1', { modelInfo: undefined });
    const value = '{"type":"mt:sklearn","encKey":"k","mPath":"model.joblib","refs":1,"x":{"n":9223372036854775807}}';
    assert.equal((await mesh.store.get(key)).entry?.value, value);
  });

  test('absent, of another owner, or without an id: an empty status, and deletion does nothing', async () => {
    await set('d1', 'dt1', { owner: 'isvc' });
    assert.deepEqual([await status('none'), await status('d1', 'ksp'), await status('')], [{}, {}, {}]);
    for (const ref of [{ vModelId: 'none' }, { vModelId: 'd1', owner: 'ksp' }, { vModelId: '' }]) {
      assert.equal(await refusal(instance.api.deleteVModel(ref)), 'OK');
    }
    assert.equal((await status('d1', 'isvc')).status, 'DEFINED');
    await instance.api.deleteVModel({ vModelId: 'd1', owner: 'isvc' });
    assert.deepEqual([await status('d1'), await record('registry/dt1')], [{}, undefined]);
    assert.deepEqual(plainModel(await instance.api.getModelStatus({ modelId: 'dt1' })), {});
  });
});
