import assert from 'node:assert/strict';
import {
  plainModel,
  refusal,
  SKLEARN,
  startMeshFixture,
  untilModel,
  type Instance,
  type MeshFixture,
} from './mesh-fixture.ts';

/** The rows of the observed table "Models". */
describe('calls about models', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
  });
  afterAll(() => mesh.stop());

  const register = (modelId: string, more: Readonly<Record<string, unknown>> = {}) =>
    instance.api.registerModel({ modelId, modelInfo: SKLEARN, ...more });
  const record = async (modelId: string) =>
    (await mesh.store.get(`${mesh.prefix}registry/${modelId}`)).entry?.value.replace(/\d{13}/g, 'T');

  test('an unknown model has an empty status, cannot be loaded, and may be unregistered', async () => {
    assert.deepEqual(plainModel(await instance.api.getModelStatus({ modelId: 'none' })), {});
    assert.equal(await refusal(instance.api.ensureLoaded({ modelId: 'none' })), 'NOT_FOUND model not found');
    assert.equal(await refusal(instance.api.unregisterModel({ modelId: 'none' })), 'OK');
  });

  test('an empty id is refused by all four calls', async () => {
    const calls = [
      instance.api.getModelStatus({}),
      instance.api.ensureLoaded({}),
      instance.api.unregisterModel({}),
      register(''),
    ];
    for (const call of calls) assert.equal(await refusal(call), 'INVALID_ARGUMENT must provide non-empty modelId');
  });

  test('a model needs a type', async () => {
    const text = 'INVALID_ARGUMENT Must provide non-empty model type string';
    assert.equal(await refusal(instance.api.registerModel({ modelId: 'm' })), text);
    assert.equal(await refusal(register('m', { modelInfo: { type: '', path: 'p' } })), text);
  });

  test('registering loads nothing, also with sync, and may be repeated with the same attributes only', async () => {
    assert.deepEqual(plainModel(await register('reg')), { status: 'NOT_LOADED' });
    assert.deepEqual(plainModel(await register('reg', { sync: true })), { status: 'NOT_LOADED' });
    for (const change of [{ type: 'mt:onnx' }, { path: 'other' }, { key: '{}' }]) {
      const call = register('reg', { modelInfo: { ...SKLEARN, ...change } });
      assert.equal(await refusal(call), 'ALREADY_EXISTS Model already exists with different attribute values');
    }
    assert.equal(
      await record('reg'),
      '{"type":"mt:sklearn","encKey":"{\\"storage_key\\":\\"k\\"}","mPath":"model.joblib","lu":T}',
    );
  });

  test('registering with loadNow answers LOADING, with sync LOADED', async () => {
    const loading = { status: 'LOADING', copies: [`${instance.iid} UNKNOWN`] };
    assert.deepEqual(plainModel(await register('now', { loadNow: true })), loading);
    assert.deepEqual(await untilModel(instance, 'now', 'LOADED'), { ...loading, status: 'LOADED' });
    assert.deepEqual(plainModel(await register('sync', { loadNow: true, sync: true })), {
      ...loading,
      status: 'LOADED',
    });
    assert.equal(
      await record('sync'),
      `{"type":"mt:sklearn","encKey":"{\\"storage_key\\":\\"k\\"}","mPath":"model.joblib","instanceIds":{"${instance.iid}":T},"lu":T,"loadedIn":{"${instance.iid}":T}}`,
    );
  });

  test('a failed load is an answer with its text, and is tried again only after a while', async () => {
    const failed = { status: 'LOADING_FAILED', errors: ['INTERNAL: boom'], copies: [`${instance.iid} LOADING_FAILED`] };
    const info = { ...SKLEARN, path: 'FAIL_boom' };
    assert.deepEqual(plainModel(await register('bad', { modelInfo: info, loadNow: true, sync: true })), failed);
    const before = await record('bad');
    assert.deepEqual(plainModel(await instance.api.ensureLoaded({ modelId: 'bad', sync: true })), failed);
    assert.equal(await record('bad'), before);
    assert.match(before ?? '', /"failedIn":\{"5d8f6b-mm001":T\},"fails":\{"5d8f6b-mm001":\{"msg":"INTERNAL: boom"\}\}/);
  });

  test('unregistering while loading cancels the load', async () => {
    const info = { ...SKLEARN, path: 'SIZE_1000_60000_0' };
    await register('slow', { modelInfo: info, loadNow: true });
    assert.equal(await refusal(instance.api.unregisterModel({ modelId: 'slow' })), 'OK');
    assert.deepEqual(plainModel(await instance.api.getModelStatus({ modelId: 'slow' })), {});
  });

  test('a malformed record is INTERNAL and harms nothing else', async () => {
    await mesh.store.put(`${mesh.prefix}registry/odd`, '[]');
    const status = () => refusal(instance.api.getModelStatus({ modelId: 'odd' }));
    assert.equal(await status(), 'INTERNAL Unexpected exception in invokeModel method for model odd');
    assert.equal(await refusal(register('odd')), 'INTERNAL Failed to add model odd');
    assert.deepEqual(plainModel(await register('even')), { status: 'NOT_LOADED' });
  });

  test('ids may hold a slash, a space and letters beyond ASCII', async () => {
    const modelId = 'a/b ç é';
    assert.deepEqual(plainModel(await register(modelId, { loadNow: true, sync: true })).status, 'LOADED');
    assert.ok(await record(modelId));
    assert.equal(await refusal(instance.api.unregisterModel({ modelId })), 'OK');
    assert.equal(await record(modelId), undefined);
  });

  test('last use: given, but never in the future; loading by request means now', async () => {
    const lu = async (modelId: string) => {
      const { entry } = await mesh.store.get(`${mesh.prefix}registry/${modelId}`);
      return Number(/"lu":(\d+)/.exec(entry?.value ?? '')?.[1]);
    };
    await register('lu1', { lastUsedTime: 1_700_000_000_000n });
    assert.equal(await lu('lu1'), 1_700_000_000_000);
    await register('lu2', { lastUsedTime: BigInt(Date.now() + 10_000_000) });
    assert.ok(Date.now() - (await lu('lu2')) < 60_000);
    await register('lu3');
    assert.ok(Math.abs(Date.now() - (await lu('lu3')) - 6 * 3_600_000) < 60_000);
    await register('lu4', { loadNow: true, sync: true });
    assert.ok(Math.abs(Date.now() - (await lu('lu4')) - 3_600_000) < 60_000);
    await instance.api.ensureLoaded({ modelId: 'lu3', sync: true });
    assert.ok(Date.now() - (await lu('lu3')) < 60_000);
  });

  test('the probes say ready and alive, the metrics carry the names of the original', async () => {
    assert.equal((await fetch(`${instance.probes}/ready`)).status, 200);
    assert.equal((await fetch(`${instance.probes}/live`)).status, 200);
    const text = await (await fetch(`${instance.metrics}/metrics`)).text();
    for (const name of [
      'instance_models_total',
      'loadmodel_milliseconds',
      'loadmodel_failure',
      'models_loaded_total',
    ]) {
      assert.match(text, new RegExp(`^modelmesh_${name}`, 'm'));
    }
  });
});
