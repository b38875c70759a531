import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort, startProcess, type ManagedProcess } from '@meshkeeper/sandbox';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { GRPCInferenceServiceDefinition, type ModelInferResponse } from '@meshkeeper/open-inference';
import { createChannel, createClient, Metadata, type Channel, type Client } from 'nice-grpc';
import { ELEMENT, identityModel, onnxModel, type ElementName } from './onnx-model.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/models');
const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
let server: ManagedProcess;
let channel: Channel;
let runtime: Client<typeof ModelRuntimeDefinition>;
let inference: Client<typeof GRPCInferenceServiceDefinition>;

beforeAll(async () => {
  const port = await freePort();
  channel = createChannel(`127.0.0.1:${port}`);
  runtime = createClient(ModelRuntimeDefinition, channel);
  inference = createClient(GRPCInferenceServiceDefinition, channel);
  server = await startProcess({
    name: 'onnx-runtime',
    command: process.execPath,
    args: [join(import.meta.dirname, '../../../apps/onnx-runtime/src/main.ts')],
    env: { RUNTIME_ENDPOINT: `port:${port}`, POD_LOCALHOST: '127.0.0.1', CAPACITY_BYTES: '536870912' },
    logFile: join(folder, 'log'),
    ready: async () => (await inference.serverReady({})).ready,
    ports: [port],
    readyTimeoutMs: 15_000,
  });
});

afterAll(async () => {
  channel.close();
  await server.stop();
  assert.equal(await server.exited, 'code 0');
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, bytes: Buffer | string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

const load = (modelId: string, modelPath: string, key: object = {}) =>
  runtime.loadModel({
    modelId,
    modelPath,
    modelType: 'rt:onnx',
    modelKey: JSON.stringify({ model_type: { name: 'onnx' }, ...key }),
  });

async function refused(call: Promise<unknown>, code: number, details: RegExp): Promise<void> {
  await assert.rejects(call, (error: { readonly code: number; readonly details: string }) => {
    assert.match(error.details, details);
    assert.equal(error.code, code);
    return true;
  });
}

type RestTensor = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[];
};

test('the digits of the examples: an 8 is an 8', async () => {
  const { sizeInBytes } = await load('digits', join(EXAMPLES, 'digits.onnx'));
  assert.equal(sizeInBytes, 131_072n);
  const { inputs } = JSON.parse(readFileSync(join(EXAMPLES, 'digits-request.json'), 'utf8')) as {
    readonly inputs: readonly RestTensor[];
  };
  const [{ data, ...tensor }] = inputs as readonly [RestTensor];
  const answer = await inference.modelInfer({
    modelName: 'digits',
    id: 'i',
    inputs: [{ ...tensor, contents: { fp32Contents: data } }],
  });
  assert.deepEqual([answer.modelName, answer.id], ['digits', 'i']);
  const [label, probabilities] = answer.outputs;
  assert.deepEqual(
    [label?.name, label?.datatype, label?.shape, label?.contents?.int64Contents],
    ['label', 'INT64', [1n], [8n]],
  );
  assert.equal(probabilities?.contents?.fp32Contents.length, 10);
});

test('metadata describes the inputs and outputs of a model', async () => {
  await load('digits', join(EXAMPLES, 'digits.onnx'));
  const metadata = await inference.modelMetadata({ name: 'digits' });
  assert.deepEqual(metadata, {
    name: 'digits',
    versions: [],
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'image', datatype: 'FP32', shape: [-1n, 64n] }],
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [-1n] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1n, 10n] },
    ],
  });
  assert.equal((await inference.modelReady({ name: 'digits' })).ready, true);
});

const SAMPLES: Readonly<Record<ElementName, readonly number[]>> = {
  BOOL: [1, 0],
  UINT8: [1, 255],
  INT8: [255, 1],
  UINT16: [1, 2, 3, 4],
  INT16: [1, 2, 255, 255],
  UINT32: [1, 2, 3, 4, 255, 255, 255, 255],
  INT32: [1, 2, 3, 4, 255, 255, 255, 255],
  UINT64: [1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 255, 255, 255, 255],
  INT64: [1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 255, 255, 255, 255],
  FP16: [0, 0x3c, 0, 0x40],
  FP32: [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40],
  FP64: [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40],
  BYTES: [2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0],
};

for (const type of Object.keys(ELEMENT) as ElementName[]) {
  test(`${type}: raw elements go through a model and come back raw`, async () => {
    await load(`identity-${type}`, write(`identity-${type}.onnx`, identityModel(type)));
    const sample = Buffer.from(SAMPLES[type]);
    const answer = await inference.modelInfer({
      modelName: `identity-${type}`,
      inputs: [{ name: 'x', datatype: type, shape: [2] }],
      rawInputContents: [sample],
    });
    assert.deepEqual(answer.rawOutputContents, [sample]);
    assert.deepEqual([answer.outputs[0]?.datatype, answer.outputs[0]?.shape], [type, [2n]]);
  });
}

test('a model with several inputs and outputs returns the requested ones, in the form of the request', async () => {
  const model = onnxModel({
    inputs: [
      { name: 'a', type: 'FP32', shape: ['n', 2] },
      { name: 'b', type: 'FP32', shape: ['n', 2] },
    ],
    outputs: [
      { name: 'sum', type: 'FP32', shape: ['n', 2] },
      { name: 'most', type: 'INT64', shape: ['n', 1] },
    ],
    nodes: [
      { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
      { op: 'ArgMax', inputs: ['sum'], outputs: ['most'], attributes: { axis: 1 } },
    ],
  });
  await load('add', write('add.onnx', model));
  const tensor = (name: string, ...fp32Contents: number[]) => ({
    name,
    datatype: 'FP32',
    shape: [1, 2],
    contents: { fp32Contents },
  });
  const ask = (...names: string[]): Promise<ModelInferResponse> =>
    inference.modelInfer({
      modelName: 'add',
      inputs: [tensor('b', 1, 5), tensor('a', 2, 3)],
      outputs: names.map((name) => ({ name })),
    });
  const all = await ask();
  assert.deepEqual(
    all.outputs.map(({ name, contents }) => [name, contents?.fp32Contents, contents?.int64Contents]),
    [
      ['sum', [3, 8], []],
      ['most', [], [1n]],
    ],
  );
  assert.deepEqual(
    (await ask('most')).outputs.map(({ name }) => name),
    ['most'],
  );
  await refused(ask('least'), 3, /unexpected output 'least', model has 'sum', 'most'/);
});

test('the header names the model before the message does', async () => {
  await load('by-header', write('h.onnx', identityModel('INT32')));
  const request = {
    modelName: 'other',
    inputs: [{ name: 'x', datatype: 'INT32', shape: [1], contents: { intContents: [7] } }],
  };
  const answer = await inference.modelInfer(request, { metadata: Metadata({ 'mm-model-id': 'by-header' }) });
  assert.deepEqual([answer.modelName, answer.outputs[0]?.contents?.intContents], ['by-header', [7]]);
  await refused(inference.modelInfer(request), 5, /^Model 'other' is not loaded$/);
});

test('what only ONNX Runtime can find wrong with an input is reported in its words', async () => {
  const model = onnxModel({
    inputs: [
      { name: 'a', type: 'FP32', shape: ['n', 'm'] },
      { name: 'b', type: 'FP32', shape: ['m', 'k'] },
    ],
    outputs: [{ name: 'c', type: 'FP32', shape: ['n', 'k'] }],
    nodes: [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] }],
  });
  await load('product', write('product.onnx', model));
  const square = (name: string, side: number) => ({
    name,
    datatype: 'FP32',
    shape: [side, side],
    contents: { fp32Contents: Array.from({ length: side * side }, () => 1) },
  });
  await refused(
    inference.modelInfer({ modelName: 'product', inputs: [square('a', 2), square('b', 3)] }),
    13,
    /^ONNX Runtime: .*MatMul/,
  );
});

test('a folder is loaded by model.onnx, by its only model, or by its largest version', async () => {
  write('folder/model.onnx', identityModel('INT8'));
  write('folder/other.onnx', identityModel('INT16'));
  write('versions/2/a.onnx', identityModel('INT32'));
  write('versions/10/b.onnx', identityModel('INT64'));
  const datatype = async (path: string): Promise<string | undefined> => {
    await load(path, join(folder, path));
    return (await inference.modelMetadata({ name: path })).inputs[0]?.datatype;
  };
  assert.deepEqual([await datatype('folder'), await datatype('versions')], ['INT8', 'INT64']);
});

test('what cannot be loaded is refused in one sentence that names the file, and the server lives on', async () => {
  const rubbish = write('rubbish.onnx', Buffer.from('no model at all'));
  await refused(load('r', rubbish), 13, /^Failed to load ONNX model: .*rubbish\.onnx.*Protobuf parsing failed/);
  await refused(load('r', write('empty.onnx', '')), 13, /^Failed to load ONNX model: .*empty\.onnx/);
  const cut = identityModel('FP32').subarray(0, 40);
  await refused(load('r', write('cut.onnx', cut)), 13, /^Failed to load ONNX model: .*cut\.onnx/);
  const odd = onnxModel({
    inputs: [{ name: 'x', type: 'FP32', shape: [1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [1] }],
    nodes: [{ op: 'NoSuchOperator', inputs: ['x'], outputs: ['y'] }],
  });
  await refused(load('r', write('odd.onnx', odd)), 13, /^Failed to load ONNX model: .*odd\.onnx.*NoSuchOperator/);
  await refused(load('r', join(folder, 'nowhere')), 3, /^Failed to load ONNX model: .*nowhere: there is no such file$/);
  write('several/a.onnx', odd);
  write('several/b.onnx', odd);
  await refused(
    load('r', join(folder, 'several')),
    3,
    /there are several \.onnx files in it, and none is model\.onnx: a\.onnx, b\.onnx$/,
  );
  mkdirSync(join(folder, 'bare'));
  await refused(load('r', join(folder, 'bare')), 3, /bare: there is no \.onnx file in it$/);
  await refused(
    runtime.loadModel({ modelId: 'r', modelPath: rubbish, modelKey: '{' }),
    3,
    /the model key is not as it should be/,
  );
  await refused(inference.modelReady({ name: 'r' }), 5, /^Model 'r' is not loaded$/);
  assert.equal((await inference.serverLive({})).live, true);
});

test('a schema that does not agree with the model is refused, and one that does is not', async () => {
  const model = write('schema.onnx', identityModel('FP32'));
  const schema = (name: string, datatype: string) =>
    write(
      '_schema.json',
      JSON.stringify({
        inputs: [{ name, datatype, shape: [1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
      }),
    );
  await refused(
    load('s', model, { schema_path: schema('x', 'INT8') }),
    3,
    /schema\.onnx: input 'x' is FP32, and INT8 in the schema$/,
  );
  await refused(load('s', model, { schema_path: join(folder, 'none.json') }), 3, /none\.json: there is no such file$/);
  await load('s', model, { schema_path: schema('x', 'FP32'), disk_size_bytes: 1 });
});

test('a load that is cancelled leaves no model behind', async () => {
  const gone = new AbortController();
  const path = write('cancelled.onnx', identityModel('FP32'));
  const loading = runtime.loadModel({ modelId: 'c', modelPath: path }, { signal: gone.signal });
  gone.abort();
  await assert.rejects(loading, { name: 'AbortError' });
  await runtime.unloadModel({ modelId: 'c' });
  await refused(inference.modelReady({ name: 'c' }), 5, /not loaded/);
});

test('an unload waits for calls that run, and may be repeated; a load after it starts again', async () => {
  const path = write('busy.onnx', identityModel('FP32', ['n']));
  await load('busy', path);
  const raw = Buffer.alloc(4 * 250_000, 1);
  const request = {
    modelName: 'busy',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [250_000] }],
    rawInputContents: [raw],
  };
  const calls = Array.from({ length: 20 }, () =>
    inference.modelInfer(request).then(
      () => 'done',
      (error: { readonly code: number }) => error.code,
    ),
  );
  await Promise.any(calls);
  await Promise.all([runtime.unloadModel({ modelId: 'busy' }), runtime.unloadModel({ modelId: 'busy' })]);
  // Each came before the unload, or after it.
  const ends = new Set(await Promise.all(calls));
  assert.deepEqual(
    [...ends].filter((end) => end !== 'done' && end !== 5),
    [],
  );
  await runtime.unloadModel({ modelId: 'busy' });
  await refused(inference.modelInfer(request), 5, /not loaded/);
  await load('busy', path);
  assert.equal((await inference.modelReady({ name: 'busy' })).ready, true);
});

test('the status is READY only after every model is gone', async () => {
  await load('purged', write('purged.onnx', identityModel('FP32')));
  const status = await runtime.runtimeStatus({});
  assert.deepEqual(status, {
    status: 1,
    capacityInBytes: 536_870_912n,
    maxLoadingConcurrency: 2,
    modelLoadingTimeoutMs: 30_000,
    defaultModelSizeInBytes: 1_000_000n,
    runtimeVersion: '1.30.0',
    numericRuntimeVersion: 0n,
    methodInfos: Object.fromEntries(
      ['ModelInfer', 'ModelMetadata', 'ModelReady'].map((method) => [
        `inference.GRPCInferenceService/${method}`,
        { idInjectionPath: [1] },
      ]),
    ),
    limitModelConcurrency: false,
    allowAnyMethod: false,
  });
  await refused(inference.modelReady({ name: 'purged' }), 5, /not loaded/);
});

test('a model that takes more memory than there is fails its call in one sentence, and the server continues', async () => {
  const side = 1_048_576;
  const greedy = onnxModel({
    inputs: [{ name: 'x', type: 'FP32', shape: [1] }],
    outputs: [{ name: 'y', type: 'FP32', shape: [side, side, 1024] }],
    nodes: [
      { op: 'Constant', inputs: [], outputs: ['shape'], attributes: { value_ints: [side, side, 1024] } },
      { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['zeros'] },
      { op: 'Add', inputs: ['zeros', 'x'], outputs: ['y'] },
    ],
  });
  await load('greedy', write('greedy.onnx', greedy));
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n], contents: { fp32Contents: [1] } }];
  await refused(inference.modelInfer({ modelName: 'greedy', inputs }), 13, /Failed to allocate memory for requested/);
  await load('modest', write('modest.onnx', identityModel('FP32')));
  const { outputs } = await inference.modelInfer({ modelName: 'modest', inputs });
  assert.deepEqual(outputs[0]?.contents?.fp32Contents, [1]);
});
