import assert from 'node:assert/strict';
import { freePort } from '@meshkeeper/sandbox';
import { clientOf, INFER, model, PREDICT, textOf, type Client } from './inference.ts';
import { SKLEARN, startMeshFixture, type MeshFixture } from './mesh-fixture.ts';

describe('the limits of a model server', () => {
  let mesh: MeshFixture;
  beforeAll(async () => {
    mesh = await startMeshFixture();
  });
  afterAll(() => mesh.stop());

  test('a copy that takes one call at a time has sixteen more wait, and refuses what comes beyond', async () => {
    const limits = { LIMIT_MODEL_CONCURRENCY: 'true', MAX_CONCURRENCY: '1' };
    const instance = await mesh.startInstance('mm001', { MM_SERVICE_NAME: 'limited' }, limits);
    const modelInfo = { ...SKLEARN, path: 'SLOW_100' };
    await instance.api.registerModel({ modelId: 'm1', modelInfo, loadNow: true, sync: true });
    const client = clientOf(instance);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.predict(model('m1'))));
    client.close();
    assert.deepEqual(answers.map(textOf).toSorted(), [
      ...Array.from({ length: 3 }, () => 'RESOURCE_EXHAUSTED Model queue overload'),
      ...Array.from({ length: 17 }, () => 'hello'),
    ]);
    const slowest = Math.max(...answers.map((answer) => (typeof answer === 'string' ? 0 : answer.ms)));
    assert.ok(slowest >= 1_600, `one after the other took ${slowest} ms`);
  });

  const METHODS = JSON.stringify({ [INFER.slice(1)]: { idInjectionPath: [1, 2] }, 'pkg.Plain/call': {} });
  const startWith = async (service: string, more: Readonly<Record<string, string>>) => {
    const instance = await mesh.startInstance(
      'mm002',
      { MM_SERVICE_NAME: service },
      { METHOD_INFOS: METHODS, ...more },
    );
    await instance.api.registerModel({ modelId: 'm1', modelInfo: SKLEARN, loadNow: true, sync: true });
    return clientOf(instance);
  };
  const bytes = async (client: Client, path: string, message: readonly number[]) => {
    const answer = await client.predict(model('m1'), { path, message: Buffer.from(message) });
    return typeof answer === 'string' ? answer : [...Buffer.from(answer.text)];
  };

  test('only the methods that a model server lists are taken; the id is put where it says, and nowhere if it says so', async () => {
    const client = await startWith('listed', {});
    // Field 1, a message, with field 2, the id.
    const nested = [10, 4, 18, 2, 109, 49];
    assert.deepEqual(await bytes(client, INFER, []), nested);
    assert.deepEqual(await bytes(client, INFER, [10, 5, 18, 3, 111, 108, 100]), nested);
    assert.deepEqual(await bytes(client, INFER, [24, 7]), [24, 7, ...nested]);
    assert.deepEqual(await bytes(client, '/pkg.Plain/call', [24, 7]), [24, 7]);
    assert.equal(
      await bytes(client, PREDICT, []),
      'UNIMPLEMENTED mmesh.ExamplePredictor/predict: UNIMPLEMENTED: Method not found or not permitted: mmesh.ExamplePredictor/predict',
    );
    client.close();
  });

  test('with allowAnyMethod the others are taken too, but never the management of the model server', async () => {
    const client = await startWith('open', { ALLOW_ANY_METHOD: 'true' });
    assert.deepEqual(await bytes(client, PREDICT, [24, 7]), [24, 7]);
    assert.deepEqual(await bytes(client, INFER, []), [10, 4, 18, 2, 109, 49]);
    assert.match(String(await bytes(client, '/mmesh.ModelRuntime/unloadModel', [])), /^UNIMPLEMENTED /);
    client.close();
  });

  test('a model server may listen on unix sockets, with one of its own for inference', async () => {
    const [manage, serve] = [`${mesh.folder}/manage.sock`, `${mesh.folder}/serve.sock`];
    const sockets = { INTERNAL_GRPC_SOCKET_PATH: manage, INTERNAL_SERVING_GRPC_SOCKET_PATH: serve };
    await answersThrough(
      { ...sockets, INTERNAL_GRPC_PORT: '' },
      { RUNTIME_ENDPOINT: `unix://${manage}`, RUNTIME_DATA_ENDPOINT: `unix://${serve}` },
    );
  });

  test('a model server may serve inference on a port of its own', async () => {
    const port = await freePort();
    await answersThrough({ INTERNAL_SERVING_GRPC_PORT: String(port) }, { RUNTIME_DATA_ENDPOINT: `port:${port}` });
  });

  const answersThrough = async (
    env: Readonly<Record<string, string>>,
    runtimeEnv: Readonly<Record<string, string>>,
  ) => {
    const instance = await mesh.startInstance(
      'mm003',
      { MM_SERVICE_NAME: Object.keys(env).join(), ...env },
      runtimeEnv,
    );
    await instance.api.registerModel({ modelId: 'm1', modelInfo: SKLEARN, loadNow: false, sync: false });
    const client = clientOf(instance);
    assert.equal(textOf(await client.predict(model('m1'))), 'hello');
    await instance.runtime.control('POST /forget?model=m1');
    assert.equal(textOf(await client.predict(model('m1'))), 'hello');
    client.close();
    assert.equal((await instance.runtime.calls()).filter((call) => call === 'load m1').length, 2);
  };
});
