import type { InferTensorContents } from '../gen/inference/v2.ts';

/** What ONNX calls the types that the protocol knows. */
export const ONNX_TYPES = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const;

export type Datatype = (typeof ONNX_TYPES)[keyof typeof ONNX_TYPES];
export type NumberType = Exclude<Datatype, 'BYTES'>;

/** Elements of a tensor in row-major order; half floats are the bits of each. */
export type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

type NumberKind = {
  readonly bytes: number;
  /** The elements over the same memory. */
  readonly view: (buffer: ArrayBuffer) => NumberArray;
  /** Undefined: they only come raw. */
  readonly field: keyof InferTensorContents | undefined;
};

/** In memory they are as the protocol has them raw: little-endian, as all machines are that Node runs on. */
export const NUMBER_KINDS: Readonly<Record<NumberType, NumberKind>> = {
  BOOL: { bytes: 1, view: (buffer) => new Uint8Array(buffer), field: 'boolContents' },
  UINT8: { bytes: 1, view: (buffer) => new Uint8Array(buffer), field: 'uintContents' },
  UINT16: { bytes: 2, view: (buffer) => new Uint16Array(buffer), field: 'uintContents' },
  UINT32: { bytes: 4, view: (buffer) => new Uint32Array(buffer), field: 'uintContents' },
  UINT64: { bytes: 8, view: (buffer) => new BigUint64Array(buffer), field: 'uint64Contents' },
  INT8: { bytes: 1, view: (buffer) => new Int8Array(buffer), field: 'intContents' },
  INT16: { bytes: 2, view: (buffer) => new Int16Array(buffer), field: 'intContents' },
  INT32: { bytes: 4, view: (buffer) => new Int32Array(buffer), field: 'intContents' },
  INT64: { bytes: 8, view: (buffer) => new BigInt64Array(buffer), field: 'int64Contents' },
  FP16: { bytes: 2, view: (buffer) => new Uint16Array(buffer), field: undefined },
  FP32: { bytes: 4, view: (buffer) => new Float32Array(buffer), field: 'fp32Contents' },
  FP64: { bytes: 8, view: (buffer) => new Float64Array(buffer), field: 'fp64Contents' },
};

/** Undefined for what the protocol has no word for. */
export function datatypeOf(onnxType: string): Datatype | undefined {
  return Object.hasOwn(ONNX_TYPES, onnxType) ? ONNX_TYPES[onnxType as keyof typeof ONNX_TYPES] : undefined;
}

/** A tensor on its way to a session or from one. */
export type TensorValue =
  | {
      readonly kind: 'numbers';
      readonly datatype: NumberType;
      readonly shape: readonly number[];
      readonly buffer: ArrayBuffer;
    }
  | { readonly kind: 'strings'; readonly shape: readonly number[]; readonly strings: readonly string[] };

/** What a model takes or gives: an undefined dimension is any length, an undefined shape not known. */
export type TensorFacts = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[] | undefined;
};
