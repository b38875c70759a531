import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { podFolder, startAdapter, type RunningAdapter } from './adapter-process.ts';
import { startTritonStandIn } from './triton-stand-in.ts';

const pod = podFolder();
const repository = join(pod.models, '_triton_models');
let triton: Awaited<ReturnType<typeof startTritonStandIn>>;
let adapter: RunningAdapter;

beforeAll(async () => {
  triton = await startTritonStandIn(repository);
  adapter = await startAdapter('triton', pod, triton.port, {
    LOADING_CONCURRENCY: '2',
    LIMIT_PER_MODEL_CONCURRENCY: '3',
  });
  adapter.put('onnx/m.onnx', 'x'.repeat(1_000));
  adapter.put('onnx/broken.onnx', 'broken');
});

afterAll(async () => {
  await adapter.stop();
  await triton.stop();
  pod.remove();
});

test('a ready server is purged, and says what it can do', async () => {
  triton.loaded.add('left');
  mkdirSync(join(pod.models, 'left'), { recursive: true });
  mkdirSync(join(repository, 'left'), { recursive: true });
  const { methodInfos, ...status } = await adapter.untilReady();
  assert.deepEqual(status, {
    status: 1,
    capacityInBytes: BigInt(2 ** 30 - 2 ** 27),
    maxLoadingConcurrency: 2,
    modelLoadingTimeoutMs: 30_000,
    defaultModelSizeInBytes: 1_000_000n,
    runtimeVersion: '2.33.0',
    numericRuntimeVersion: 0n,
    limitModelConcurrency: true,
    allowAnyMethod: false,
  });
  assert.deepEqual(Object.keys(methodInfos), [
    'inference.GRPCInferenceService/ModelInfer',
    'inference.GRPCInferenceService/ModelMetadata',
  ]);
  assert.deepEqual([...triton.loaded, ...readdirSync(repository)], []);
  assert.deepEqual(readdirSync(pod.models), ['_triton_models']);
});

test('a model is fetched, laid out and loaded, and sized by its bytes on disk', async () => {
  const answer = await adapter.load('m1', 'onnx', 'onnx/m.onnx');
  assert.deepEqual(answer, { sizeInBytes: 1_250n, maxConcurrency: 3 });
  assert.ok(triton.loaded.has('m1'));
  assert.ok(existsSync(join(repository, 'm1', '1', 'model.onnx')));
});

test('an unload reaches the server, and takes the files with it; a second one is no failure', async () => {
  await adapter.load('m2', 'onnx', 'onnx/m.onnx');
  await adapter.runtime.unloadModel({ modelId: 'm2' });
  await adapter.runtime.unloadModel({ modelId: 'm2' });
  assert.ok(!triton.loaded.has('m2'));
  for (const folder of [pod.models, repository]) assert.ok(!existsSync(join(folder, 'm2')));
});

test('a refusal of the server is reported with its name and its code, and nothing stays on disk', async () => {
  await assert.rejects(adapter.load('bad', 'onnx', 'onnx/broken.onnx'), {
    code: 13,
    details: "Failed to load Model due to Triton runtime error: failed to load 'bad', no version is available",
  });
  for (const folder of [pod.models, repository]) assert.ok(!existsSync(join(folder, 'bad')));
});

test('a schema that Triton cannot have is reported as an error of the adapter', async () => {
  adapter.put('onnx/schema.json', JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP8', shape: [1] }] }));
  await assert.rejects(adapter.load('m3', 'onnx', 'onnx/m.onnx', { schema_path: 'onnx/schema.json' }), {
    code: 2,
    details:
      "Failed to load Model due to adapter error: The schema gives input 'x' the datatype 'FP8', which Triton does not know",
  });
});

test('a model that is not in storage is reported as such', async () => {
  await assert.rejects(adapter.load('none', 'onnx', 'onnx/none.onnx'), {
    details: /^Failed to pull model from storage due to error: unable to access model local path '/,
  });
});

test('defect 17: a server that does not say its version is ready under the configured one', async () => {
  triton.behaviour.metadata = false;
  assert.equal((await adapter.untilReady()).runtimeVersion, 'v1');
  triton.behaviour.metadata = true;
});

test('a server that is not ready, or does not answer, is starting', async () => {
  triton.behaviour.ready = false;
  assert.equal((await adapter.runtime.runtimeStatus({})).status, 0);
  triton.behaviour.ready = true;
});

test('a model of an earlier process is loaded again over its leftovers: defect 14', async () => {
  mkdirSync(join(pod.models, 'm4'), { recursive: true });
  writeFileSync(join(pod.models, 'm4', 'stale'), '');
  await adapter.load('m4', 'onnx', 'onnx/m.onnx');
  assert.deepEqual(readdirSync(join(pod.models, 'm4')), ['m.onnx']);
});
