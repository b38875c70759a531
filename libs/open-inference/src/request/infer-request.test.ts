import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ModelInferRequest, type InferTensorContents } from '../gen/inference/v2.ts';
import { encodeInferRequest } from './encode-request.ts';
import { InferRequestReader } from './infer-request-reader.ts';

type Input = ModelInferRequest['inputs'][number];

function read(body: string | Buffer, cuts: readonly number[] = []): ModelInferRequest {
  const reader = new InferRequestReader();
  const bytes = Buffer.from(body as string);
  const places = [
    0,
    ...cuts.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  for (const [index, end] of places.slice(1).entries()) reader.write(bytes.subarray(places[index], end));
  return ModelInferRequest.decode(encodeInferRequest('m', 'v', reader.end()));
}

function readInput(tensor: string): Input {
  return read(`{"inputs":[${tensor}]}`).inputs[0] as Input;
}

function contents(tensor: string): Partial<InferTensorContents> {
  const all = Object.entries(readInput(tensor).contents as InferTensorContents);
  return Object.fromEntries(all.filter(([, elements]) => elements.length > 0));
}

const refused = (tensor: string, message: string | RegExp): void =>
  assert.throws(() => readInput(tensor), { name: 'RestError', code: 3, message });

const tensor = (datatype: string, shape: string, data: string, more = ''): string =>
  `{"name":"x","datatype":"${datatype}","shape":${shape}${more},"data":${data}}`;

test('path values, id, parameters and requested outputs go over', () => {
  const body = `{"id":"i","unknown":[{"a":[1]},"b"],"parameters":{"t":"x","n":null,"f":2.9,"b":true,"a":[1],"o":{}},"outputs":[{"name":"o"}]}`;
  const { modelName, modelVersion, id, parameters, outputs } = read(body);
  assert.deepEqual([modelName, modelVersion, id], ['m', 'v', 'i']);
  assert.deepEqual(parameters, {
    t: { parameterChoice: { $case: 'stringParam', value: 'x' } },
    n: { parameterChoice: undefined },
    f: { parameterChoice: { $case: 'int64Param', value: 2n } },
    b: { parameterChoice: { $case: 'boolParam', value: true } },
  });
  assert.deepEqual(outputs, [{ name: 'o', parameters: {} }]);
});

test('defect 10: parameters of a requested output go over', () => {
  const { outputs } = read('{"outputs":[{"name":"o","parameters":{"binary_data":false}}]}');
  const parameters = { binary_data: { parameterChoice: { $case: 'boolParam', value: false } } };
  assert.deepEqual(outputs, [{ name: 'o', parameters }]);
});

test('defect 9: an escape of a string is the character that it names', () => {
  const data = tensor('BYTES', '[3]', String.raw`["\u00e9","\ud83d\ude00","a\n\"\/\\"]`);
  assert.deepEqual(contents(data), { bytesContents: ['é', '😀', 'a\n"/\\'].map((text) => Buffer.from(text)) });
});

test('an empty body, null and an empty object are requests without inputs', () => {
  for (const body of ['', ' \n', 'null', '{}', '{"inputs":null}', '{"inputs":[]}'])
    assert.deepEqual(read(body).inputs, []);
});

test('64-bit integers keep every bit', () => {
  const data = '[9223372036854775807,-9223372036854775808,9007199254740993,-1,0]';
  const wants = [9223372036854775807n, -9223372036854775808n, 9007199254740993n, -1n, 0n];
  assert.deepEqual(contents(tensor('INT64', '[5]', data)), { int64Contents: wants });
  assert.deepEqual(contents(tensor('UINT64', '[1]', '[18446744073709551615]')), { uint64Contents: [2n ** 64n - 1n] });
});

const integers = (min: number, max: number) => fc.integer({ min, max });
const KINDS = {
  BOOL: ['boolContents', fc.boolean()],
  UINT8: ['uintContents', integers(0, 255)],
  UINT16: ['uintContents', integers(0, 65_535)],
  UINT32: ['uintContents', integers(0, 2 ** 32 - 1)],
  UINT64: ['uint64Contents', fc.bigInt(0n, 2n ** 64n - 1n)],
  INT8: ['intContents', integers(-128, 127)],
  INT16: ['intContents', integers(-32_768, 32_767)],
  INT32: ['intContents', integers(-(2 ** 31), 2 ** 31 - 1)],
  INT64: ['int64Contents', fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)],
  FP32: ['fp32Contents', fc.float({ noNaN: true, noDefaultInfinity: true })],
  FP64: ['fp64Contents', fc.double({ noNaN: true, noDefaultInfinity: true })],
  BYTES: ['bytesContents', fc.string({ unit: 'grapheme' })],
} as const;

function nested(elements: readonly string[], shape: readonly number[]): string {
  const [, ...rest] = shape;
  if (rest.length === 0) return `[${elements.join(', ')}]`;
  const size = rest.reduce((product, length) => product * length, 1);
  const rows = Array.from({ length: elements.length / size }, (_, row) => elements.slice(row * size, (row + 1) * size));
  return `[${rows.map((row) => nested(row, rest)).join(',')}]`;
}

for (const [datatype, [field, element]] of Object.entries(KINDS)) {
  test(`${datatype}: elements go over as they are, flat and nested, in any order of the fields, wherever the body is cut`, () => {
    const cases = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
      const length = shape.reduce((product, length) => product * length, 1);
      const elements = fc.array(element as fc.Arbitrary<unknown>, { minLength: length, maxLength: length });
      return fc.tuple(
        fc.constant(shape),
        elements,
        fc.boolean(),
        fc.constantFrom(...ORDERS),
        fc.array(fc.nat(5_000), { maxLength: 5 }),
      );
    });
    fc.assert(
      fc.property(cases, ([shape, elements, isFlat, order, cuts]) => {
        const texts = elements.map((value) => (typeof value === 'bigint' ? String(value) : textOf(value)));
        const fields = {
          name: '"x"',
          datatype: `"${datatype}"`,
          shape: JSON.stringify(shape),
          data: isFlat ? `[${texts.join(',')}]` : nested(texts, shape),
        };
        const body = `{"inputs":[{${order.map((name) => `"${name}" : ${fields[name]}`).join(',')}}]}`;
        const input = read(body, cuts).inputs[0] as Input;
        assert.deepEqual(input.shape, shape.map(BigInt));
        const wants = datatype === 'BYTES' ? elements.map((text) => Buffer.from(text as string)) : elements;
        assert.deepEqual(input.contents?.[field], wants);
      }),
    );
  });
}

const ORDERS = [
  ['name', 'datatype', 'shape', 'data'],
  ['data', 'shape', 'datatype', 'name'],
  ['datatype', 'data', 'name', 'shape'],
  ['shape', 'data', 'datatype', 'name'],
] as const;

/** JSON knows no minus zero in JSON.stringify. */
function textOf(value: unknown): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

test('byte arrays are taken flat, and nested one deeper than the shape', () => {
  const wants = { bytesContents: [Buffer.from('My'), Buffer.from(''), Buffer.of(255)] };
  assert.deepEqual(contents(tensor('BYTES', '[3]', '[[77,121],[],[255]]')), wants);
  assert.deepEqual(contents(tensor('BYTES', '[3,1]', '[[[77,121]],[[]],[[255]]]')), wants);
  assert.deepEqual(contents(tensor('BYTES', '[3,1]', '[[77,121],[],[255]]')), wants);
});

test('strings are base64 when the content type says so, before the data or after it', () => {
  for (const type of ['base64', 'b64', 'BASE64', 'B64']) {
    const parameters = `"parameters":{"content_type":"${type}"}`;
    const wants = { bytesContents: [Buffer.from('My UTF8'), Buffer.from('')] };
    assert.deepEqual(contents(tensor('BYTES', '[2]', '["TXkgVVRGOA==",""]', `,${parameters}`)), wants);
    assert.deepEqual(
      contents(
        `{${parameters.replace('"parameters"', '"datatype":"BYTES","shape":[2],"data":["TXkgVVRGOA==",""],"parameters"')}}`,
      ),
      wants,
    );
  }
  refused(
    tensor('BYTES', '[1]', '["a"]', ',"parameters":{"content_type":"b64"}'),
    /^error decoding json string as base64/,
  );
});

const REFUSALS: readonly (readonly [rule: string, tensor: string, message: string | RegExp])[] = [
  ['half floats', tensor('FP16', '[1]', '[1]'), 'FP16 tensors not supported (response tensor x)'],
  ['unknown datatypes', tensor('toString', '[1]', '[1]'), 'unsupported datatype: toString'],
  ['a tensor without a datatype', '{"name":"x","shape":[1],"data":[1]}', 'unsupported datatype: '],
  ['data that is no array', tensor('FP32', '[1,1]', '1'), 'invalid tensor data: not a json array'],
  ['data that is an object', tensor('BYTES', '[1]', '{"a":[1]}'), 'invalid tensor data: not a json array'],
  [
    'nesting that is not that of the shape',
    tensor('FP32', '[2,2]', '[[1,2,3,4]]'),
    'invalid tensor data: invalid nested json arrays',
  ],
  ['nested data of one dimension', tensor('FP32', '[2]', '[[1,2]]'), 'invalid tensor data: invalid nested json arrays'],
  ['fractions for integers', tensor('INT32', '[1]', '[1.0]'), 'invalid tensor data: 1.0 is not a 32-bit integer'],
  [
    'exponents for integers',
    tensor('UINT64', '[1]', '[1e3]'),
    'invalid tensor data: 1e3 is not an unsigned 64-bit integer',
  ],
  ['strings for numbers', tensor('INT64', '[1]', '["1"]'), 'invalid tensor data: INT64 takes integers, not a string'],
  ['null for a number', tensor('FP64', '[1]', '[null]'), 'invalid tensor data: FP64 takes numbers, not null'],
  ['numbers for booleans', tensor('BOOL', '[1]', '[1]'), 'invalid tensor data: BOOL takes true or false, not a number'],
  [
    'a sign where there is none',
    tensor('UINT8', '[1]', '[-1]'),
    'invalid tensor data: -1 is not an unsigned 32-bit integer',
  ],
  [
    'integers of more than 64 bits',
    tensor('INT64', '[1]', '[9223372036854775808]'),
    'invalid tensor data: 9223372036854775808 is not a 64-bit integer',
  ],
  ['floats out of range', tensor('FP32', '[1]', '[1e39]'), 'invalid tensor data: 1e39 is not a 32-bit float'],
  [
    'string nesting that is not that of the shape',
    tensor('BYTES', '[1,1,1]', '[["a"]]'),
    'data array nesting does not match tensor shape',
  ],
  [
    'more strings than the shape has',
    tensor('BYTES', '[1]', '["a","b"]'),
    'more strings than expected for tensor shape',
  ],
  [
    'numbers among strings',
    tensor('BYTES', '[2]', '["a",1]'),
    'tensor data must be a flat or nested json array of strings',
  ],
  ['bytes that are in no array', tensor('BYTES', '[1]', '[1]'), 'invalid tensor data: must be an array of byte arrays'],
  ['what is no byte', tensor('BYTES', '[1]', '[[256]]'), 'invalid tensor data: 256 is not a byte'],
  [
    'byte arrays of another depth',
    tensor('BYTES', '[1,1]', '[[[[1]]]]'),
    'invalid tensor data: array nesting does not match tensor shape',
  ],
  ['a shape of words', '{"shape":["1"]}', 'shape must be an array of integers'],
  ['parameters that are no object', '{"parameters":[]}', 'parameters must be an object'],
];

for (const [rule, tensor, message] of REFUSALS) test(`refused: ${rule}`, () => refused(tensor, message));

test('a request that is no object, and inputs that are no tensors, are refused', () => {
  const cases = {
    '[]': 'the body must be a JSON object',
    '{"inputs":{}}': 'inputs must be an array',
    '{"inputs":[5]}': 'inputs must be objects',
  };
  for (const [body, message] of Object.entries(cases)) assert.throws(() => read(body), { code: 3, message });
});

test('of a field that is given twice the last one counts', () => {
  assert.deepEqual(contents('{"datatype":"INT32","shape":[1],"data":[1],"data":[2]}'), { intContents: [2] });
  assert.equal(read('{"inputs":[{"datatype":"BOOL"}],"inputs":[]}').inputs.length, 0);
});

test('no bytes make it fail with anything but a refusal', () => {
  const part = fc.constantFrom(
    ...'{}[],:"'.split(''),
    '"inputs"',
    '"data"',
    '"datatype"',
    '"BYTES"',
    '"FP32"',
    '"shape"',
    '"name"',
    '1',
    'null',
    '"outputs"',
    '"parameters"',
  );
  const bodies = fc.oneof(
    fc.array(part, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        read(body);
      } catch (error) {
        assert.equal((error as Error).name, 'RestError', String((error as Error).stack));
      }
    }),
    { numRuns: 3_000 },
  );
});
