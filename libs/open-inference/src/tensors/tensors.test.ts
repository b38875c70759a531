import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ModelInferRequest } from '../gen/inference/v2.ts';
import type { Datatype, TensorFacts } from './datatypes.ts';
import { readInputs, readOutputs } from './read-inputs.ts';
import { writeOutputs } from './write-outputs.ts';

type Request = Parameters<typeof ModelInferRequest.fromPartial>[0];

const facts = (datatype: Datatype, shape: readonly number[] | undefined = [-1]): readonly TensorFacts[] => [
  { name: 'x', datatype, shape },
];
const read = (request: Request, wanted: readonly TensorFacts[]) =>
  readInputs(ModelInferRequest.fromPartial(request), wanted);

const KINDS = {
  BOOL: ['boolContents', fc.boolean()],
  UINT8: ['uintContents', fc.integer({ min: 0, max: 255 })],
  UINT16: ['uintContents', fc.integer({ min: 0, max: 65_535 })],
  UINT32: ['uintContents', fc.integer({ min: 0, max: 2 ** 32 - 1 })],
  UINT64: ['uint64Contents', fc.bigInt(0n, 2n ** 64n - 1n)],
  INT8: ['intContents', fc.integer({ min: -128, max: 127 })],
  INT16: ['intContents', fc.integer({ min: -32_768, max: 32_767 })],
  INT32: ['intContents', fc.integer()],
  INT64: ['int64Contents', fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)],
  FP32: ['fp32Contents', fc.float()],
  FP64: ['fp64Contents', fc.double()],
  BYTES: ['bytesContents', fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text))],
} as const;

for (const [datatype, [field, element]] of Object.entries(KINDS)) {
  test(`${datatype}: what comes in goes out as it is, typed and raw`, () => {
    fc.assert(
      fc.property(fc.array(element as fc.Arbitrary<unknown>), (elements) => {
        const tensor = { name: 'x', datatype, shape: [elements.length] };
        const wanted = facts(datatype as Datatype);
        const typed = read({ inputs: [{ ...tensor, contents: { [field]: elements } }] }, wanted);
        const out = writeOutputs(typed, false).outputs?.[0];
        assert.deepEqual((out?.contents as Record<string, unknown> | undefined)?.[field], elements);
        const { rawOutputContents: raw = [], outputs } = writeOutputs(typed, true);
        assert.equal(outputs?.[0]?.contents, undefined);
        assert.deepEqual(read({ inputs: [tensor], rawInputContents: raw }, wanted), typed);
      }),
    );
  });
}

test('half floats come raw, and make all outputs raw', () => {
  const raw = Buffer.of(0, 0x3c, 0, 0x40);
  const values = read(
    { inputs: [{ name: 'x', datatype: 'FP16', shape: [2] }], rawInputContents: [raw] },
    facts('FP16'),
  );
  assert.deepEqual(writeOutputs(values, false).rawOutputContents, [raw]);
  assert.throws(() => read({ inputs: [{ name: 'x', datatype: 'FP16', shape: [0], contents: {} }] }, facts('FP16')), {
    details: "input 'x' has datatype 'FP16', which has to come in raw_input_contents",
  });
});

const one = (more: object = {}): Request => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [2], contents: { fp32Contents: [1, 2] }, ...more }],
});
const raw = (datatype: string, shape: readonly number[], bytes: readonly number[]): Request => ({
  inputs: [{ name: 'x', datatype, shape: [...shape] }],
  rawInputContents: [Buffer.from(bytes)],
});

const REFUSALS: readonly (readonly [
  rule: string,
  request: Request,
  wanted: readonly TensorFacts[],
  message: string,
])[] = [
  ['an input that is missing', {}, facts('FP32'), "missing input 'x'"],
  ['an input that the model has not', one({ name: 'z' }), facts('FP32'), "unexpected input 'z', model has 'x'"],
  [
    'another datatype',
    one({ datatype: 'INT32' }),
    facts('FP32'),
    "input 'x' has datatype 'INT32', model expects 'FP32'",
  ],
  ['another rank', one(), facts('FP32', [-1, 2]), "unexpected shape for input 'x': [2], model expects [-1,2]"],
  ['another length', one(), facts('FP32', [3]), "unexpected shape for input 'x': [2], model expects [3]"],
  [
    'a length below zero',
    one({ shape: [-1] }),
    [{ name: 'x', datatype: 'FP32', shape: undefined }],
    "unexpected shape for input 'x': [-1], lengths cannot be negative",
  ],
  [
    'more elements than the shape has',
    one({ shape: [1] }),
    facts('FP32'),
    "input 'x' has 2 elements, its shape [1] has 1",
  ],
  [
    'raw bytes that are no elements',
    raw('INT64', [1], [1, 2]),
    facts('INT64'),
    "input 'x' has 2 raw bytes, its shape [1] takes 8",
  ],
  [
    'raw strings that are cut',
    raw('BYTES', [1], [9, 0, 0, 0, 1]),
    facts('BYTES'),
    "input 'x' has raw bytes that are not 1 strings",
  ],
  [
    'more raw strings',
    raw('BYTES', [1], [0, 0, 0, 0, 0, 0, 0, 0]),
    facts('BYTES'),
    "input 'x' has raw bytes that are not 1 strings",
  ],
  [
    'raw contents of another number',
    { ...one(), rawInputContents: [Buffer.alloc(0), Buffer.alloc(0)] },
    facts('FP32'),
    'raw_input_contents has 2 entries for 1 inputs',
  ],
  [
    'contents of both kinds',
    { ...one(), rawInputContents: [Buffer.alloc(8)] },
    facts('FP32'),
    "input 'x' has both contents and raw contents",
  ],
];

for (const [rule, request, wanted, details] of REFUSALS)
  test(`refused: ${rule}`, () => assert.throws(() => read(request, wanted), { code: 3, details }));

test('outputs are the requested ones, and all when none is named', () => {
  const given: readonly TensorFacts[] = [...facts('FP32'), { name: 'y', datatype: 'INT8', shape: [1] }];
  const ask = (...names: readonly string[]) =>
    readOutputs(ModelInferRequest.fromPartial({ outputs: names.map((name) => ({ name })) }), given);
  assert.deepEqual(ask(), ['x', 'y']);
  assert.deepEqual(ask('y', 'y'), ['y']);
  assert.throws(() => ask('z'), { code: 3, details: "unexpected output 'z', model has 'x', 'y'" });
});
