import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientOf, INFER, model, textOf, vmodel, type Client } from './inference.ts';
import { setVModel, SKLEARN, startMeshFixture, untilModel, type Instance, type MeshFixture } from './mesh-fixture.ts';

const withPath = (path: string) => ({ ...SKLEARN, path });

describe('inference through one instance', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  let client: Client;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
    client = clientOf(instance);
    await register('m1');
  });
  afterAll(async () => {
    client.close();
    await mesh.stop();
  });
  const register = (modelId: string, path = 'p') =>
    instance.api.registerModel({ modelId, modelInfo: withPath(path), loadNow: false, sync: false });
  const calls = async (modelId: string) =>
    (await instance.runtime.calls()).filter((call) => call.endsWith(` ${modelId}`)).map((call) => call.split(' ')[0]);

  test('a model that is not loaded is loaded by the request, which waits for it', async () => {
    const answer = await client.predict(model('m1'));
    assert.ok(typeof answer === 'object', textOf(answer));
    assert.deepEqual([answer.text, answer.model, answer.by], ['hello', 'm1', instance.iid]);
    assert.deepEqual(await calls('m1'), ['load']);
  });

  test('the runtime sees the caller’s own headers and the model’s id, and nothing of the mesh', async () => {
    const answer = await client.predict([...model('m1'), 'x-mine', 'a', 'x-mine', 'b', 'mm-balanced', 'true']);
    assert.ok(typeof answer === 'object');
    const transport = ['content-type', 'te', 'grpc-accept-encoding', 'user-agent'];
    const seen = Object.entries(answer.seen).filter(([name]) => !transport.includes(name));
    assert.deepEqual(Object.fromEntries(seen), {
      'mm-model-id': 'm1',
      'mm-model-id-bin': Buffer.from('m1').toString('base64'),
      'x-mine': 'a, b',
    });
  });

  test('a vmodel’s requests go to its active model', async () => {
    await instance.api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    const answer = await client.predict(vmodel('v1'));
    assert.ok(typeof answer === 'object');
    assert.equal(answer.model, 't1');
  });

  test('what is not said, or said twice, or unknown is refused in the original’s words', async () => {
    assert.deepEqual(
      await Promise.all([
        client.predict([]),
        client.predict(['mm-model-id', '']),
        client.predict([...model('m1'), ...vmodel('v1')]),
        client.predict(model('none')),
        client.predict(vmodel('none')),
        client.predict(model('m1'), { path: '/mmesh.ModelRuntime/loadModel' }),
      ]),
      [
        'INVALID_ARGUMENT must include mm-model-id header',
        'INVALID_ARGUMENT provided model-id header must be non-empty',
        'INVALID_ARGUMENT must include only one of model id and vmodel id',
        'NOT_FOUND model not found',
        'NOT_FOUND vmodel not found',
        'UNIMPLEMENTED mmesh.ModelRuntime/loadModel: UNIMPLEMENTED: Method not found or not permitted: mmesh.ModelRuntime/loadModel',
      ],
    );
  });

  test('a failed load is the answer, with its text', async () => {
    await register('bad', 'FAIL_boom');
    assert.equal(await client.predict(model('bad')), 'INTERNAL INTERNAL: boom');
    assert.equal(await client.predict(model('bad')), 'INTERNAL INTERNAL: boom');
    assert.deepEqual(
      (await calls('bad')).filter((call) => call === 'load'),
      ['load'],
    );
  });

  test('a runtime’s own failure keeps its code, behind the method; UNAVAILABLE becomes INTERNAL', async () => {
    await register('odd', 'ANSWER_INVALID_ARGUMENT_bad tensor');
    await register('down', 'ANSWER_UNAVAILABLE_down');
    assert.equal(
      await client.predict(model('odd')),
      'INVALID_ARGUMENT mmesh.ExamplePredictor/predict: INVALID_ARGUMENT: bad tensor',
    );
    assert.equal(
      await client.predict(model('down')),
      'INTERNAL ModelRuntime UNAVAILABLE: mmesh.ExamplePredictor/predict: UNAVAILABLE: down',
    );
    assert.deepEqual([await calls('odd'), await calls('down')], [['load'], ['load']]);
  });

  test('a model that the runtime has lost is loaded again within the same request', async () => {
    await register('lost');
    await client.predict(model('lost'));
    await instance.runtime.control('POST /forget?model=lost');
    assert.equal(textOf(await client.predict(model('lost'))), 'hello');
    assert.deepEqual((await calls('lost')).filter((call) => call === 'load').length, 2);
    assert.deepEqual(await untilModel(instance, 'lost', 'LOADED'), {
      status: 'LOADED',
      copies: [`${instance.iid} UNKNOWN`],
    });
  });

  test('a runtime that says NOT_FOUND for a reason of its own reloads once a request, and is the answer', async () => {
    await register('own', 'ANSWER_NOT_FOUND_no such version');
    assert.equal(
      await client.predict(model('own')),
      'NOT_FOUND mmesh.ExamplePredictor/predict: NOT_FOUND: no such version',
    );
    assert.equal((await calls('own')).filter((call) => call === 'load').length, 2);
  });

  test('several ids ask several models, whose answers stand one behind the other', async () => {
    await register('m2');
    assert.equal(textOf(await client.predict([...model('m1'), ...model('m2')])), 'hellohello');
    assert.equal(await client.predict([...model('m1'), ...model('none')]), 'NOT_FOUND model not found');
    assert.equal(textOf(await client.predict([...model('m1'), ...model('none'), 'mm-required', 'any'])), 'hello');
  });

  test('a deadline ends a request that waits for a load, and the load continues', async () => {
    await register('slow', 'SIZE_1000_1500_0');
    assert.match(textOf(await client.predict(model('slow'), { timeoutMs: 200 })), /^DEADLINE_EXCEEDED/);
    await untilModel(instance, 'slow', 'LOADED');
    assert.deepEqual(await calls('slow'), ['load']);
  });

  test('a message over the limit is RESOURCE_EXHAUSTED, one at the limit passes', async () => {
    const limit = 16 << 20;
    const answer = await client.predict(model('m1'), { message: Buffer.alloc(limit) });
    assert.equal(typeof answer === 'object' && answer.text.length, limit);
    assert.match(
      textOf(await client.predict(model('m1'), { message: Buffer.alloc(limit + 1) })),
      /^RESOURCE_EXHAUSTED/,
    );
  });
});

describe('inference by a data plane configuration', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  let client: Client;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    const rpcConfigs = { [INFER.slice(1)]: { idExtractionPath: [1], vModelId: true } };
    const config = join(mesh.folder, 'dataplane.json');
    writeFileSync(config, JSON.stringify({ rpcConfigs, allowOtherRpcs: false }));
    const types = join(mesh.folder, 'types.json');
    writeFileSync(types, JSON.stringify({ 'mt:none': { required: ['_no_runtime'] } }));
    const methodInfos = { [INFER.slice(1)]: { idInjectionPath: [1] } };
    instance = await mesh.startInstance(
      'mm001',
      { MM_DATAPLANE_CONFIG_PATH: config, MM_TYPE_CONSTRAINTS_PATH: types },
      { METHOD_INFOS: JSON.stringify(methodInfos) },
    );
    client = clientOf(instance);
    await instance.api.setVModel(setVModel('v1', 'v1__isvc-0123456789', { loadNow: true, sync: true }));
  });
  afterAll(async () => {
    client.close();
    await mesh.stop();
  });
  /** Field 1, a string, and field 2 as a neighbour. */
  const request = (id: string) =>
    Buffer.concat([Buffer.from([10, id.length]), Buffer.from(id), Buffer.from([18, 1, 120])]);

  test('the message says the vmodel, and the runtime finds the model’s id in its place', async () => {
    const answer = await client.predict(model('not-this'), { path: INFER, message: request('v1') });
    assert.ok(typeof answer === 'object', textOf(answer));
    assert.deepEqual([answer.model, Buffer.from(answer.text)], ['v1__isvc-0123456789', request('v1__isvc-0123456789')]);
  });

  test('headers say it where the message does not', async () => {
    const answer = await client.predict(vmodel('v1'), { path: INFER, message: Buffer.from([18, 1, 120]) });
    assert.ok(typeof answer === 'object', textOf(answer));
    assert.equal(answer.model, 'v1__isvc-0123456789');
  });

  test('other methods are not taken', async () => {
    assert.equal(await client.predict(vmodel('v1')), 'UNIMPLEMENTED');
  });

  test('a type that no instance may hold is reported with its labels', async () => {
    const modelInfo = { ...SKLEARN, type: 'mt:none' };
    await instance.api.setVModel(setVModel('v2', 't2', { modelInfo }));
    assert.equal(
      await client.predict(vmodel('v2'), { path: INFER }),
      'INTERNAL There are no running instances that meet the label requirements of type mt:none: [_no_runtime]',
    );
  });
});
