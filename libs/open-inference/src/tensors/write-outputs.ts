import type { DeepPartial, ModelInferResponse } from '../gen/inference/v2.ts';
import { NUMBER_KINDS, type TensorValue } from './datatypes.ts';

type Response = Pick<DeepPartial<ModelInferResponse>, 'outputs' | 'rawOutputContents'>;

/** Outputs in the form in which the inputs came; half floats have but the raw one, and then all have it. */
export function writeOutputs(values: Readonly<Record<string, TensorValue>>, asRaw: boolean): Response {
  const entries = Object.entries(values);
  const areRaw = asRaw || entries.some(([, value]) => datatypeOf(value) === 'FP16');
  const outputs = entries.map(([name, value]) => ({
    name,
    datatype: datatypeOf(value),
    shape: value.shape.map(BigInt),
    ...(!areRaw && { contents: toContents(value) }),
  }));
  return { outputs, rawOutputContents: areRaw ? entries.map(([, value]) => toRaw(value)) : [] };
}

function datatypeOf(value: TensorValue): string {
  return value.kind === 'strings' ? 'BYTES' : value.datatype;
}

function toContents(value: TensorValue): object {
  if (value.kind === 'strings') return { bytesContents: value.strings.map((text) => Buffer.from(text)) };
  const { view, field } = NUMBER_KINDS[value.datatype];
  const elements: readonly (number | bigint)[] = Array.from<number | bigint>(
    view(value.buffer) as Iterable<number | bigint>,
  );
  return { [String(field)]: value.datatype === 'BOOL' ? elements.map((element) => element !== 0) : elements };
}

function toRaw(value: TensorValue): Buffer {
  if (value.kind === 'numbers') return Buffer.from(value.buffer);
  return Buffer.concat(
    value.strings.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
