import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ModelInferResponse } from '../gen/inference/v2.ts';
import { inferResponseJson } from './infer-response.ts';
import { metadataJson } from './metadata-response.ts';

type Message = Parameters<typeof ModelInferResponse.fromPartial>[0];

function json(message: Message): string {
  return inferResponseJson(
    Buffer.from(ModelInferResponse.encode(ModelInferResponse.fromPartial(message)).finish()),
  ).toString();
}

const output = (datatype: string, shape: readonly number[], more: object = {}) => ({
  name: 'y',
  datatype,
  shape: [...shape],
  ...more,
});
const data = (message: Message): unknown =>
  (JSON.parse(json(message)) as { outputs: { data: unknown }[] }).outputs[0]?.data;
const raw = (datatype: string, shape: readonly number[], bytes: Buffer): Message => ({
  outputs: [output(datatype, shape)],
  rawOutputContents: [bytes],
});

test('fields are in the order of the original, and empty ones are left out', () => {
  const message = {
    modelName: 'example',
    id: 'foo',
    outputs: [output('INT64', [2], { contents: { int64Contents: [8, 8] } })],
  };
  assert.equal(
    json(message),
    '{"model_name":"example","id":"foo","outputs":[{"name":"y","datatype":"INT64","shape":[2],"data":[8,8]}]}',
  );
  assert.equal(json({}), '{}');
});

test('parameters of every kind go over', () => {
  const parameters = {
    s: { parameterChoice: { $case: 'stringParam', value: '"' } },
    i: { parameterChoice: { $case: 'int64Param', value: 9007199254740993n } },
    b: { parameterChoice: { $case: 'boolParam', value: false } },
    n: { parameterChoice: undefined },
  } as const;
  assert.equal(json({ parameters }), String.raw`{"parameters":{"b":false,"i":9007199254740993,"n":null,"s":"\""}}`);
});

test('defect 8: raw UINT8 are numbers', () => {
  assert.deepEqual(data(raw('UINT8', [3], Buffer.of(0, 128, 255))), [0, 128, 255]);
});

test('defect 11: an output without any contents is an empty array', () => {
  assert.deepEqual(data({ outputs: [output('FP32', [0])] }), []);
  assert.deepEqual(data({ outputs: [output('BYTES', [0])] }), []);
});

test('defect 12: contents in which nothing is set are an empty array', () => {
  assert.deepEqual(data({ outputs: [output('FP32', [0], { contents: {} })] }), []);
});

test('strings are base64, and say so', () => {
  const wants =
    '{"outputs":[{"name":"y","datatype":"BYTES","shape":[2],"parameters":{"content_type":"base64"},"data":["w6k=",""]}]}';
  assert.equal(
    json({ outputs: [output('BYTES', [2], { contents: { bytesContents: [Buffer.from('é'), Buffer.alloc(0)] } })] }),
    wants,
  );
  assert.equal(json(raw('BYTES', [2], Buffer.from('\u0002\0\0\0é\0\0\0\0'))), wants);
});

const element = {
  BOOL: [1, (view: DataView, value: unknown) => view.setUint8(0, value === true ? 1 : 0), fc.boolean()],
  UINT8: [1, (view: DataView, value: unknown) => view.setUint8(0, value as number), fc.integer({ min: 0, max: 255 })],
  UINT16: [
    2,
    (view: DataView, value: unknown) => view.setUint16(0, value as number, true),
    fc.integer({ min: 0, max: 65_535 }),
  ],
  UINT32: [
    4,
    (view: DataView, value: unknown) => view.setUint32(0, value as number, true),
    fc.nat(2 ** 31 - 1).map((half) => half * 2 + 1),
  ],
  UINT64: [
    8,
    (view: DataView, value: unknown) => view.setBigUint64(0, value as bigint, true),
    fc.bigInt(0n, 2n ** 64n - 1n),
  ],
  INT8: [1, (view: DataView, value: unknown) => view.setInt8(0, value as number), fc.integer({ min: -128, max: 127 })],
  INT16: [
    2,
    (view: DataView, value: unknown) => view.setInt16(0, value as number, true),
    fc.integer({ min: -32_768, max: 32_767 }),
  ],
  INT32: [4, (view: DataView, value: unknown) => view.setInt32(0, value as number, true), fc.integer()],
  INT64: [
    8,
    (view: DataView, value: unknown) => view.setBigInt64(0, value as bigint, true),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  ],
  FP32: [
    4,
    (view: DataView, value: unknown) => view.setFloat32(0, value as number, true),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  ],
  FP64: [
    8,
    (view: DataView, value: unknown) => view.setFloat64(0, value as number, true),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ],
} as const;
const fields = {
  BOOL: 'boolContents',
  UINT8: 'uintContents',
  UINT16: 'uintContents',
  UINT32: 'uintContents',
  UINT64: 'uint64Contents',
  INT8: 'intContents',
  INT16: 'intContents',
  INT32: 'intContents',
  INT64: 'int64Contents',
  FP32: 'fp32Contents',
  FP64: 'fp64Contents',
} as const;

for (const [datatype, [size, write, arbitrary]] of Object.entries(element)) {
  test(`${datatype}: raw and typed elements come out exactly as they are`, () => {
    fc.assert(
      fc.property(fc.array(arbitrary as fc.Arbitrary<unknown>), (elements) => {
        const bytes = Buffer.alloc(size * elements.length);
        for (const [index, value] of elements.entries())
          write(new DataView(bytes.buffer, bytes.byteOffset + index * size), value);
        const typed = {
          outputs: [
            output(datatype, [elements.length], { contents: { [fields[datatype as keyof typeof fields]]: elements } }),
          ],
        };
        const text = /"data":\[([^\]]*)\]/.exec(json(typed))?.[1] ?? '';
        assert.equal(/"data":\[([^\]]*)\]/.exec(json(raw(datatype, [elements.length], bytes)))?.[1], text);
        const back = text === '' ? [] : text.split(',').map((one) => toValue(one, datatype));
        assert.deepEqual(back, elements);
      }),
    );
  });
}

function toValue(text: string, datatype: string): unknown {
  if (datatype === 'BOOL') return text === 'true';
  if (datatype.endsWith('INT64')) return BigInt(text);
  return datatype === 'FP32' ? Math.fround(Number(text)) : Number(text);
}

test('32-bit floats have no more digits than they need', () => {
  const values = [0.1, 1 / 3, 16_777_216, 3.4028234663852886e38, 1e-45, 123_456_789].map(Math.fround);
  const message = { outputs: [output('FP32', [6], { contents: { fp32Contents: values } })] };
  assert.match(json(message), /"data":\[0\.1,0\.33333334,16777216,3\.4028235e\+38,1e-45,123456790\]/);
});

const unsayable: readonly (readonly [rule: string, message: Message, text: string])[] = [
  ['NaN', raw('FP64', [1], Buffer.from([0, 0, 0, 0, 0, 0, 0xf8, 0x7f])), 'json: unsupported value: NaN'],
  [
    'infinity',
    { outputs: [output('FP32', [1], { contents: { fp32Contents: [-Infinity] } })] },
    'json: unsupported value: -Inf',
  ],
  ['half floats', raw('FP16', [1], Buffer.alloc(2)), 'FP16 tensors not supported (request tensor y)'],
  ['unknown datatypes', raw('BF16', [1], Buffer.alloc(2)), 'unsupported datatype in inference response outputs: BF16'],
  ['too few raw bytes', raw('INT32', [2], Buffer.alloc(4)), 'unexpected end of raw tensor bytes'],
  ['too few raw strings', raw('BYTES', [2], Buffer.alloc(4)), 'unexpected end of raw tensor bytes'],
  ['a raw string that is cut', raw('BYTES', [1], Buffer.of(9, 0, 0, 0, 1)), 'unexpected end of raw tensor bytes'],
  ['too many raw strings', raw('BYTES', [1], Buffer.alloc(8)), 'more raw tensor bytes than expected'],
];

for (const [rule, message, text] of unsayable)
  test(`500: ${rule}`, () => assert.throws(() => json(message), { name: 'RestError', code: 2, message: text }));

test('no bytes of a model make it fail with anything but a refusal', () => {
  const sound = Buffer.from(
    ModelInferResponse.encode(
      ModelInferResponse.fromPartial({
        modelName: 'm',
        outputs: [
          output('INT64', [2], { contents: { int64Contents: [1, 2n ** 60n] } }),
          output('BYTES', [1], { contents: { bytesContents: [Buffer.of(1)] } }),
        ],
      }),
    ).finish(),
  );
  const bent = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 3 }).map((changes) => {
    const bytes = Buffer.from(sound);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(
        bent,
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        try {
          JSON.parse(inferResponseJson(bytes).toString());
        } catch (error) {
          assert.equal((error as Error).name, 'RestError', String((error as Error).stack));
        }
      },
    ),
    { numRuns: 10_000 },
  );
});

test('metadata: 64-bit integers are strings, and what is not set is left out', () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [-1n, 64n] }];
  const metadata = { name: 'm', versions: [], platform: '', inputs, outputs: [] };
  assert.equal(metadataJson(metadata), '{"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":["-1","64"]}]}');
});
