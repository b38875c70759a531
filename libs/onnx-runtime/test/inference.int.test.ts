import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelInferResponse } from '@meshkeeper/open-inference';
import { Metadata } from 'nice-grpc';
import { ELEMENT, identityModel, onnxModel, type ElementName } from './onnx-model.ts';
import { refused, useOnnxRuntime } from './onnx-fixture.ts';

const onnx = useOnnxRuntime();
const EXAMPLES = join(import.meta.dirname, '../../../examples/models');

type RestTensor = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[];
};

test('the digits of the examples: an 8 is an 8', async () => {
  const { sizeInBytes } = await onnx.load('digits', join(EXAMPLES, 'digits.onnx'));
  assert.equal(sizeInBytes, 131_072n);
  const { inputs } = JSON.parse(readFileSync(join(EXAMPLES, 'digits-request.json'), 'utf8')) as {
    readonly inputs: readonly RestTensor[];
  };
  const [{ data, ...tensor }] = inputs as readonly [RestTensor];
  const answer = await onnx.inference.modelInfer({
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
  await onnx.load('digits', join(EXAMPLES, 'digits.onnx'));
  const metadata = await onnx.inference.modelMetadata({ name: 'digits' });
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
  assert.equal((await onnx.inference.modelReady({ name: 'digits' })).ready, true);
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
    await onnx.load(`identity-${type}`, onnx.write(`identity-${type}.onnx`, identityModel(type)));
    const sample = Buffer.from(SAMPLES[type]);
    const answer = await onnx.inference.modelInfer({
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
  await onnx.load('add', onnx.write('add.onnx', model));
  const tensor = (name: string, ...fp32Contents: number[]) => ({
    name,
    datatype: 'FP32',
    shape: [1, 2],
    contents: { fp32Contents },
  });
  const ask = (...names: string[]): Promise<ModelInferResponse> =>
    onnx.inference.modelInfer({
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
  await onnx.load('by-header', onnx.write('h.onnx', identityModel('INT32')));
  const request = {
    modelName: 'other',
    inputs: [{ name: 'x', datatype: 'INT32', shape: [1], contents: { intContents: [7] } }],
  };
  const answer = await onnx.inference.modelInfer(request, { metadata: Metadata({ 'mm-model-id': 'by-header' }) });
  assert.deepEqual([answer.modelName, answer.outputs[0]?.contents?.intContents], ['by-header', [7]]);
  await refused(onnx.inference.modelInfer(request), 5, /^Model 'other' is not loaded$/);
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
  await onnx.load('product', onnx.write('product.onnx', model));
  const square = (name: string, side: number) => ({
    name,
    datatype: 'FP32',
    shape: [side, side],
    contents: { fp32Contents: Array.from({ length: side * side }, () => 1) },
  });
  await refused(
    onnx.inference.modelInfer({ modelName: 'product', inputs: [square('a', 2), square('b', 3)] }),
    13,
    /^ONNX Runtime: .*MatMul/,
  );
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
  await onnx.load('greedy', onnx.write('greedy.onnx', greedy));
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1n], contents: { fp32Contents: [1] } }];
  await refused(
    onnx.inference.modelInfer({ modelName: 'greedy', inputs }),
    13,
    /Failed to allocate memory for requested/,
  );
  await onnx.load('modest', onnx.write('modest.onnx', identityModel('FP32')));
  const { outputs } = await onnx.inference.modelInfer({ modelName: 'modest', inputs });
  assert.deepEqual(outputs[0]?.contents?.fp32Contents, [1]);
});
