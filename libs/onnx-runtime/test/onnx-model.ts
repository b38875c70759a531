/** Writes small ONNX models: the fields of `onnx.proto` that a graph without weights needs. */

/** The numbers of `TensorProto.DataType`. */
export const ELEMENT = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
} as const;

export type ElementName = keyof typeof ELEMENT;
/** A word is a dimension that each request chooses. */
export type Value = { readonly name: string; readonly type: ElementName; readonly shape: readonly (number | string)[] };
export type OnnxNode = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers only. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
};
export type OnnxGraph = {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly OnnxNode[];
};

const OPSET = 13;
const IR_VERSION = 8;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

export function onnxModel({ inputs, outputs, nodes }: OnnxGraph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((node) => message(1, nodeProto(node))),
    text(2, 'test'),
    ...inputs.map((value) => message(11, valueInfo(value))),
    ...outputs.map((value) => message(12, valueInfo(value))),
  ]);
  return Buffer.concat([int(1, IR_VERSION), message(7, graph), message(8, int(2, OPSET))]);
}

/** A model that gives back what it takes. */
export function identityModel(type: ElementName, shape: Value['shape'] = ['n']): Buffer {
  return onnxModel({
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
}

function nodeProto({ op, inputs, outputs, attributes = {} }: OnnxNode): Buffer {
  const attribute = ([name, value]: readonly [string, number | readonly number[]]): Buffer =>
    Buffer.concat([
      text(1, name),
      ...(typeof value === 'number'
        ? [int(3, value), int(20, ATTRIBUTE_INT)]
        : [...value.map((each) => int(8, each)), int(20, ATTRIBUTE_INTS)]),
    ]);
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map((entry) => message(5, attribute(entry))),
  ]);
}

function valueInfo({ name, type, shape }: Value): Buffer {
  const dimensions = shape.map((length) => message(1, typeof length === 'number' ? int(1, length) : text(2, length)));
  const tensor = Buffer.concat([int(1, ELEMENT[type]), message(2, Buffer.concat(dimensions))]);
  return Buffer.concat([text(1, name), message(2, message(1, tensor))]);
}

function int(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value));
}

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
