import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, ServerError, Status } from 'nice-grpc';
import { InferenceAPIsServiceDefinition } from '../src/gen/torchserve/inference.ts';
import {
  ManagementAPIsServiceDefinition,
  type ManagementAPIsServiceImplementation,
} from '../src/gen/torchserve/management.ts';
import { podFolder, startAdapter, type RunningAdapter } from './adapter-process.ts';

const pod = podFolder();
const store = join(pod.models, '_torchserve_models');
const registered = new Map<string, object>();
let asked = 0;
let adapter: RunningAdapter;

/** Plays TorchServe's management calls as its public protocol has them: JSON in strings, pages of models. */
const management: ManagementAPIsServiceImplementation = {
  registerModel: async ({ modelName, url, ...rest }) => {
    if (!existsSync(join(store, url))) throw new ServerError(Status.NOT_FOUND, `Model not found at: ${url}`);
    registered.set(modelName, { url, ...rest });
    return { msg: JSON.stringify({ status: 'registered' }) };
  },
  unregisterModel: async ({ modelName }) => {
    if (!registered.delete(modelName)) throw new ServerError(Status.NOT_FOUND, `Model not found: ${modelName}`);
    return { msg: '' };
  },
  listModels: async ({ limit, nextPageToken }) => {
    const names = [...registered.keys()];
    const models = names.slice(nextPageToken, nextPageToken + limit).map((modelName) => ({ modelName, modelUrl: '' }));
    const next = nextPageToken + limit < names.length ? { nextPageToken: String(nextPageToken + limit) } : {};
    return { msg: JSON.stringify({ ...next, models }) };
  },
  describeModel: async ({ modelName, modelVersion }) => {
    assert.equal(modelVersion, 'all');
    asked += 1;
    // A worker that has just started does not report its memory.
    return { msg: JSON.stringify([{ modelName, workers: [{ id: '9000', memoryUsage: asked === 1 ? 0 : 2_000 }] }]) };
  },
};

const server = createServer();
server.add(ManagementAPIsServiceDefinition, management);
server.add(InferenceAPIsServiceDefinition, { ping: async () => ({ health: '{"status": "Healthy"}' }) });

beforeAll(async () => {
  const port = await server.listen('127.0.0.1:0');
  adapter = await startAdapter('torchserve', pod, port, { RUNTIME_DATA_ENDPOINT: `port:${port}` });
  adapter.put('mar/net.mar', 'x'.repeat(100));
});

afterAll(async () => {
  await adapter.stop();
  server.forceShutdown();
  pod.remove();
});

test('what the server waits for is written before it can start', () => {
  const properties = readFileSync(join(store, 'mmconfig.properties'), 'utf8');
  assert.match(properties, new RegExp(`^model_store=${store}$`, 'm'));
});

test('all that is registered goes, though it takes several pages, and the configuration stays', async () => {
  for (let index = 0; index < 1_201; index += 1) registered.set(`old-${index}`, {});
  await adapter.untilReady();
  assert.equal(registered.size, 0);
  assert.ok(existsSync(join(store, 'mmconfig.properties')));
});

test('a model is registered with a worker of its own, and its size is reported once it can be measured', async () => {
  assert.deepEqual(await adapter.load('m1', 'pytorch-mar', 'mar/net.mar'), { sizeInBytes: 0n, maxConcurrency: 0 });
  const { url, initialWorkers, synchronous } = registered.get('m1') as Readonly<Record<string, unknown>>;
  assert.deepEqual({ url, initialWorkers, synchronous }, { url: 'm1.mar', initialWorkers: 1, synchronous: true });
  assert.deepEqual(await adapter.runtime.modelSize({ modelId: 'm1' }), { sizeInBytes: 2_200n });
});

test('a folder is refused in the words of the original', async () => {
  await assert.rejects(adapter.load('m2', 'pytorch-mar', 'mar'), {
    details: /^Failed to load Model due to adapter error: Model path is a directory, must be a MAR file: /,
  });
});
