import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { credentials, Client as GrpcClient, type ServiceError } from '@grpc/grpc-js';
import { RpcError, type ServerCall, valueOf } from '@meshkeeper/grpc';
import { startOwnRuntime, type OwnRuntime } from './behaviours-runtime.ts';
import { clientOf, model, PREDICT, textOf, vmodel, type Client } from './inference.ts';
import { plainModel, setVModel, SKLEARN, startMeshFixture, type Instance, type MeshFixture } from './mesh-fixture.ts';

const HEALTH = '/grpc.health.v1.Health/Check';

describe('calls through two hops, with model servers within the test', () => {
  let mesh: MeshFixture;
  let runtimes: readonly OwnRuntime[];
  let instances: readonly Instance[];
  let clients: readonly Client[];
  /** What the model server does with a call; set by each test. */
  let infer: (call: ServerCall) => Promise<string>;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    let refusals = 0;
    const own = () =>
      startOwnRuntime({
        infer: async (call) => ({ message: Buffer.from(await infer(call)) }),
        unload: (modelId) => {
          if (modelId.startsWith('gone')) throw new RpcError('NOT_FOUND', `Model ${modelId} not found`);
          if (modelId === 'stubborn' && (refusals += 1) === 1) throw new RpcError('INTERNAL', 'Not now');
        },
      });
    runtimes = [await own(), await own()];
    instances = await Promise.all(runtimes.map(({ env }, index) => mesh.startInstance(`mm00${index}`, env)));
    clients = instances.map((instance) => clientOf(instance));
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const runtime of runtimes) await runtime.stop();
    await mesh.stop();
  });

  const load = async (modelId: string) => {
    const [instance] = instances;
    assert.ok(instance);
    await instance.api.registerModel({ modelId, modelInfo: SKLEARN, loadNow: true, sync: true });
    const index = runtimes.findIndex(({ loads }) => loads.includes(modelId));
    const [holder, other] = [instances[index], clients[1 - index]];
    const runtime = runtimes[index];
    assert.ok(holder && other && runtime);
    return { holder, runtime, other };
  };
  const loadCount = (modelId: string) => runtimes.flatMap(({ loads }) => loads).filter((id) => id === modelId).length;

  test('a deadline arrives at the model server, less what the hops took', async () => {
    const { other } = await load('timely');
    let leftMs = 0;
    infer = async ({ deadline }) => {
      leftMs = (deadline ?? Infinity) - performance.now();
      return 'in time';
    };
    assert.equal(textOf(await other.predict(model('timely'), { timeoutMs: 5_000 })), 'in time');
    assert.ok(leftMs > 3_000 && leftMs <= 5_000, `${leftMs} ms were left`);
  });

  test('a call that its client gives up is cancelled at the model server', async () => {
    const { other } = await load('slow');
    const [came, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    infer = async ({ signal }) => {
      signal.addEventListener('abort', () => ended.resolve((signal.reason as RpcError).code));
      came.resolve();
      return ended.promise;
    };
    const giveUp = new AbortController();
    const asking = other.predict(model('slow'), { signal: giveUp.signal });
    await came.promise;
    giveUp.abort();
    assert.equal(await ended.promise, 'CANCELLED');
    assert.match(textOf(await asking), /^CANCELLED/);
  });

  const losses = {
    plainly: (id: string) => new RpcError('NOT_FOUND', `no ${id}`),
    'in the words of Triton': (id: string) =>
      new RpcError('UNAVAILABLE', `Request for unknown model: '${id}' is not found`),
    'in the words of Triton, without a version': (id: string) =>
      new RpcError('UNAVAILABLE', `Request for unknown model: '${id}' has no available versions`),
    'in the words of MLServer': (id: string) => new RpcError('INVALID_ARGUMENT', `Model ${id} not found`),
  };
  for (const [how, loss] of Object.entries(losses)) {
    test(`a lost model, reported ${how}, is loaded again within the request, and the copy stays one`, async () => {
      const id = `lost ${how}`.replaceAll(/[ ,]+/g, '-');
      const { other, holder } = await load(id);
      infer = async () => {
        if (loadCount(id) === 1) throw loss(id);
        return 'found again';
      };
      assert.equal(textOf(await other.predict(model(id))), 'found again');
      assert.equal(loadCount(id), 2);
      assert.equal(plainModel(await holder.api.getModelStatus({ modelId: id })).copies?.length, 1);
    });
  }

  test('an unload of what the model server does not have is one that succeeded', async () => {
    const { holder, runtime } = await load('gone');
    await holder.api.unregisterModel({ modelId: 'gone' });
    const metrics = async () => (await fetch(`${holder.metrics}/metrics`)).text();
    await waitFor(async () => /^modelmesh_unloadmodel_milliseconds_count [1-9]/m.test(await metrics()), {
      timeoutMs: 5_000,
      what: 'an unload',
    });
    assert.match(await metrics(), /^modelmesh_unloadmodel_failure 0$/m);
    assert.match(await metrics(), /^modelmesh_unloadmodel_attempt_failure 0$/m);
    assert.equal(runtime.unloads.filter((id) => id === 'gone').length, 1);
  });

  test('an attempt to unload that fails is counted, and made again', async () => {
    const { holder, runtime } = await load('stubborn');
    await holder.api.unregisterModel({ modelId: 'stubborn' });
    const unloads = () => runtime.unloads.filter((id) => id === 'stubborn').length;
    await waitFor(() => unloads() === 2, { timeoutMs: 20_000, what: 'a second attempt' });
    const metrics = await (await fetch(`${holder.metrics}/metrics`)).text();
    assert.match(metrics, /^modelmesh_unloadmodel_attempt_failure 1$/m);
    assert.match(metrics, /^modelmesh_unloadmodel_failure 0$/m);
  });

  test('a model server’s UNAVAILABLE is the same INTERNAL through any instance, and no second copy is made for it', async () => {
    const { holder } = await load('down');
    infer = async () => {
      throw new RpcError('UNAVAILABLE', 'down');
    };
    const answers = await Promise.all(clients.map((client) => client.predict(model('down'))));
    const text = 'INTERNAL ModelRuntime UNAVAILABLE: mmesh.ExamplePredictor/predict: UNAVAILABLE: down';
    assert.deepEqual(answers, [text, text]);
    assert.equal(loadCount('down'), 1);
    assert.deepEqual(plainModel(await holder.api.getModelStatus({ modelId: 'down' })).copies?.length, 1);
  });

  test('any code and text of a model server come out the same through any instance', async () => {
    await load('codes');
    for (const code of ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'ABORTED', 'UNKNOWN', 'DATA_LOSS'] as const) {
      infer = async () => {
        throw new RpcError(code, 'ü: no');
      };
      const answers = await Promise.all(clients.map((client) => client.predict(model('codes'))));
      const text = `${code} mmesh.ExamplePredictor/predict: ${code}: ü: no`;
      assert.deepEqual(answers, [text, text]);
    }
  });

  test('several vmodels, in headers or binary ones, are asked each by its model, wherever that is', async () => {
    const [instance] = instances;
    assert.ok(instance);
    for (const id of ['a', 'b', 'é'])
      await instance.api.setVModel(setVModel(`v${id}`, `m${id}`, { loadNow: true, sync: true }));
    infer = async ({ headers }) => `${Buffer.from(valueOf(headers, 'mm-model-id-bin') ?? '', 'base64').toString()};`;
    const binary = ['a', 'b', 'é'].flatMap((id) => ['mm-vmodel-id-bin', Buffer.from(`v${id}`).toString('base64')]);
    for (const client of clients) {
      assert.equal(textOf(await client.predict([...vmodel('vb'), ...vmodel('va')])), 'mb;ma;');
      assert.equal(textOf(await client.predict(binary)), 'ma;mb;mé;');
    }
  });

  test('an id beyond ASCII goes to the model server in its binary header only', async () => {
    const { other } = await load('größe');
    infer = async ({ headers }) => String(valueOf(headers, 'mm-model-id'));
    const headers = ['mm-model-id-bin', Buffer.from('größe').toString('base64')];
    assert.equal(textOf(await other.predict(headers)), 'undefined');
  });

  test('a call that streams is refused', async () => {
    const [instance] = instances;
    assert.ok(instance);
    const client = new GrpcClient(instance.address, credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    const error = await new Promise<ServiceError | null>((resolve) => {
      const call = client.makeClientStreamRequest(PREDICT, same, same, resolve);
      call.write(Buffer.from('one'));
      call.write(Buffer.from('two'));
    });
    client.close();
    assert.deepEqual([error?.code, error?.details], [12, 'Streaming not supported yet']);
  });

  test('health is served; a method that the mesh does not have is UNIMPLEMENTED', async () => {
    for (const client of clients) {
      assert.equal(textOf(await client.predict([], { path: HEALTH, message: Buffer.alloc(0) })), '\b\x01');
      assert.match(textOf(await client.predict([], { path: '/mmesh.ModelMesh/other' })), /^UNIMPLEMENTED/);
    }
  });
});
