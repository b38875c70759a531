import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { refusal, startScriptedRuntime, type Scripted } from './scripted-fixture.ts';

const PREDICT = 'mmesh.ExamplePredictor/predict';
const id = (modelId: string) => ({ 'mm-model-id': modelId });
let server: Scripted;

beforeAll(async () => {
  server = await startScriptedRuntime();
});
afterAll(() => server.stop());

test('it is ready with the facts of its settings', async () => {
  const { status, capacityInBytes, maxLoadingConcurrency, methodInfos } = await server.api.runtimeStatus({});
  assert.deepEqual(
    { status, capacityInBytes, maxLoadingConcurrency, methodInfos },
    { status: 1, capacityInBytes: 64n * 1024n ** 3n, maxLoadingConcurrency: 6, methodInfos: {} },
  );
});

test('a loaded model answers any method with the bytes it got, and says who and what', async () => {
  assert.equal(await server.load('m1', 'SIZE_77_0_0'), 77);
  for (const method of [PREDICT, 'inference.GRPCInferenceService/ModelInfer', 'no.one/knows']) {
    const { bytes, metadata } = await server.infer(method, { ...id('m1'), 'x-mine': 'a' }, 'some bytes');
    assert.equal(bytes, 'some bytes');
    assert.deepEqual([metadata['served-by'], metadata['served-model']], ['5d8f6b-mm001', 'm1']);
    assert.equal((JSON.parse(String(metadata['seen-metadata'])) as Record<string, string>)['x-mine'], 'a');
  }
});

test('a model is found by its binary id, whatever is in it', async () => {
  await server.load('é/ü', 'SIZE_1_0_0');
  const { metadata } = await server.infer(PREDICT, { 'mm-model-id-bin': 'é/ü' });
  assert.equal(String(metadata['served-model-bin']), 'é/ü');
});

test('a message of 12 MiB and an empty one come back whole', async () => {
  const large = 'x'.repeat(12 * 1024 * 1024);
  assert.equal((await server.infer(PREDICT, id('m1'), large)).bytes.length, large.length);
  assert.equal((await server.infer(PREDICT, id('m1'), '')).bytes, '');
});

test('without an id, and for a model that is not loaded, inference is refused', async () => {
  assert.equal(await refusal(server.infer(PREDICT, {})), 'INVALID_ARGUMENT must include mm-model-id header');
  assert.equal(await refusal(server.infer(PREDICT, id('m2'))), 'NOT_FOUND Model m2 is not loaded');
});

test('what is loaded stays as it is, unloading what is not there is no error', async () => {
  assert.equal(await server.load('m1', 'SIZE_99_0_0'), 77);
  await server.api.unloadModel({ modelId: 'never-there' });
});

test('the paths decide how loads end', async () => {
  assert.equal(await refusal(server.load('f1', 'FAIL_no such file/SIZE_1_0_0')), 'INTERNAL no such file');
  assert.equal(await refusal(server.load('f2', 'FAILCODE_INVALID_ARGUMENT_bad key')), 'INVALID_ARGUMENT bad key');
  assert.equal(await refusal(server.load('f3', 'FAILAT_5d8f6b-mm001_not here')), 'INTERNAL not here');
  assert.equal(await server.load('f4', 'FAILAT_5d8f6b-mm002_not here/SIZE_1_0_0'), 1);
  assert.equal(await refusal(server.load('f5', 'FAILONCE_at first/SIZE_5_0_0')), 'INTERNAL at first');
  assert.equal(await server.load('f5', 'FAILONCE_at first/SIZE_5_0_0'), 5);
});

test('the paths decide how unloads and inference go', async () => {
  await server.load('u1', 'UNLOADFAIL_1/SIZE_1_0_0');
  assert.equal(await refusal(server.api.unloadModel({ modelId: 'u1' })), 'INTERNAL Unload failed as asked');
  assert.equal(await refusal(server.api.unloadModel({ modelId: 'u1' })), 'OK');
  await server.load('a1', 'ANSWER_UNAVAILABLE_down/SIZE_1_0_0');
  assert.equal(await refusal(server.infer(PREDICT, id('a1'))), 'UNAVAILABLE down');
});

test('a model with LOSE is lost once, and serves when it is loaded again', async () => {
  const ask = () => refusal(server.infer(PREDICT, id('l1')));
  await server.load('l1', 'LOSE_1/SIZE_1_0_0');
  assert.deepEqual(
    [await ask(), await ask(), await ask()],
    ['OK', ...Array(2).fill('NOT_FOUND Model l1 is not loaded')],
  );
  await server.load('l1', 'LOSE_1/SIZE_1_0_0');
  assert.deepEqual([await ask(), await ask()], ['OK', 'OK']);
});

test('a load that hangs ends when its caller gives up, and is reported as cancelled', async () => {
  const giveUp = new AbortController();
  const load = server.load('h1', 'HANG/SIZE_1_0_0', giveUp.signal);
  await waitFor(async () => ((await server.control('GET /calls')) as string[]).includes('load h1'), {
    timeoutMs: 5_000,
    what: 'the load',
  });
  giveUp.abort();
  await assert.rejects(load);
  await waitFor(async () => ((await server.control('GET /calls')) as string[]).includes('cancelled h1'), {
    timeoutMs: 5_000,
    what: 'the cancellation',
  });
});

test('a finished load is not reported as cancelled', async () => {
  const calls = (await server.control('GET /calls')) as string[];
  assert.deepEqual(
    calls.filter((call) => / (m1|h1|u1|f1)$/.test(call)),
    ['load m1', 'load m1', 'load f1', 'load u1', 'unload u1', 'unload u1', 'load h1', 'cancelled h1'],
  );
});

test('models can be lost and failures fixed from outside', async () => {
  assert.deepEqual(await server.control('POST /forget?model=m1'), { forgotten: true });
  assert.deepEqual(await server.control('POST /forget?model=m1'), { forgotten: false });
  await server.control('POST /fix');
  assert.equal(await server.load('f1', 'FAIL_no such file/SIZE_3_0_0'), 3);
  const models = (await server.control('GET /models')) as { readonly id: string; readonly sizeBytes: number }[];
  assert.deepEqual(
    models.find((model) => model.id === 'f1'),
    { id: 'f1', sizeBytes: 3 },
  );
});

test('a status call to a ready server empties it', async () => {
  await server.api.runtimeStatus({});
  assert.deepEqual(await server.control('GET /models'), []);
});

test('a size is not predicted unless set', async () => {
  assert.equal(await refusal(server.api.predictModelSize({ modelId: 'p' })), 'UNIMPLEMENTED No size is predicted');
});

test('CRASH ends the process with code 1 in the midst of the load', async () => {
  assert.equal(await refusal(server.load('c1', 'CRASH/SIZE_1_0_0')).then((text) => text.slice(0, 11)), 'UNAVAILABLE');
  assert.equal(await server.process.exited, 'code 1');
});

test('on sockets, with a slow start, sizes reported later and predictions', async () => {
  const other = await startScriptedRuntime({ START_MS: '700', REPORT_SIZE: 'size', PREDICT_SIZE: '123' }, 'unix');
  try {
    assert.equal((await other.api.runtimeStatus({})).status, 0);
    const isReady = async () => (await other.api.runtimeStatus({})).status === 1;
    await waitFor(isReady, { timeoutMs: 5_000, what: 'it to be ready' });
    assert.equal(await other.load('m1', 'SIZE_77_0_0'), 0);
    assert.equal((await other.api.modelSize({ modelId: 'm1' })).sizeInBytes, 77n);
    assert.equal((await other.api.predictModelSize({ modelId: 'm2' })).sizeInBytes, 123n);
    assert.equal((await other.infer(PREDICT, id('m1'))).bytes, 'abc');
    const misdirected = other.infer('mmesh.ModelRuntime/unloadModel', id('m1'));
    assert.equal((await misdirected).bytes, 'abc');
    await other.control('POST /exit');
    assert.equal(await other.process.exited, 'code 0');
  } finally {
    await other.stop();
  }
});
