import { ServerError, Status } from 'nice-grpc-common';
import type { ModelInferRequest_InferInputTensor as InferInputTensor, ModelInferRequest } from '../gen/inference/v2.ts';
import { NUMBER_KINDS, type Datatype, type NumberType, type TensorFacts, type TensorValue } from './datatypes.ts';

type Inputs = Readonly<Record<string, TensorValue>>;

/**
 * The inputs of a request as a model takes them. @throws ServerError INVALID_ARGUMENT that says, in the words of the request, what the
 * model cannot take
 */
export function readInputs(request: ModelInferRequest, wanted: readonly TensorFacts[]): Inputs {
  const { inputs, rawInputContents: raw } = request;
  if (raw.length > 0 && raw.length !== inputs.length)
    throw invalid(`raw_input_contents has ${raw.length} entries for ${inputs.length} inputs`);
  const given = new Map<string, TensorValue>();
  for (const [index, input] of inputs.entries()) {
    const facts = wanted.find(({ name }) => name === input.name);
    if (facts === undefined) throw invalid(`unexpected input '${input.name}', model has ${namesOf(wanted)}`);
    if (given.has(input.name)) throw invalid(`input '${input.name}' is given twice`);
    given.set(input.name, readInput(input, raw[index], facts));
  }
  const missing = wanted.find(({ name }) => !given.has(name));
  if (missing !== undefined) throw invalid(`missing input '${missing.name}'`);
  return Object.fromEntries(given);
}

/** The requested outputs; all when a request names none. @throws ServerError INVALID_ARGUMENT */
export function readOutputs({ outputs }: ModelInferRequest, given: readonly TensorFacts[]): readonly string[] {
  const names = new Set(given.map(({ name }) => name));
  const unknown = outputs.find(({ name }) => !names.has(name));
  if (unknown !== undefined) throw invalid(`unexpected output '${unknown.name}', model has ${namesOf(given)}`);
  return outputs.length === 0 ? [...names] : [...new Set(outputs.map(({ name }) => name))];
}

function readInput(input: InferInputTensor, raw: Buffer | undefined, facts: TensorFacts): TensorValue {
  const { name, datatype } = input;
  if (datatype !== facts.datatype)
    throw invalid(`input '${name}' has datatype '${datatype}', model expects '${facts.datatype}'`);
  const shape = input.shape.map(Number);
  checkShape(name, shape, facts);
  const count = shape.reduce((product, length) => product * length, 1);
  if (raw !== undefined && input.contents !== undefined)
    throw invalid(`input '${name}' has both contents and raw contents`);
  const value =
    raw === undefined ? readTyped(input, facts.datatype, shape) : readRaw(name, raw, facts.datatype, shape, count);
  const elements =
    value.kind === 'strings' ? value.strings.length : value.buffer.byteLength / NUMBER_KINDS[value.datatype].bytes;
  if (elements !== count)
    throw invalid(`input '${name}' has ${elements} elements, its shape [${shape.join(',')}] has ${count}`);
  return value;
}

function checkShape(name: string, shape: readonly number[], { shape: wanted }: TensorFacts): void {
  const isPossible = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  const fits =
    wanted === undefined ||
    (wanted.length === shape.length && wanted.every((length, index) => length === -1 || length === shape[index]));
  if (isPossible && fits) return;
  const expectation = wanted === undefined ? 'lengths cannot be negative' : `model expects [${wanted.join(',')}]`;
  throw invalid(`unexpected shape for input '${name}': [${shape.join(',')}], ${expectation}`);
}

function readTyped({ name, contents }: InferInputTensor, datatype: Datatype, shape: readonly number[]): TensorValue {
  if (datatype === 'BYTES')
    return { kind: 'strings', shape, strings: (contents?.bytesContents ?? []).map((bytes) => bytes.toString()) };
  const { field, view, bytes } = NUMBER_KINDS[datatype];
  if (field === undefined)
    throw invalid(`input '${name}' has datatype '${datatype}', which has to come in raw_input_contents`);
  const elements = (contents?.[field] ?? []) as readonly (number | bigint | boolean)[];
  const buffer = new ArrayBuffer(elements.length * bytes);
  const target = view(buffer) as { [index: number]: number | bigint };
  for (const [index, element] of elements.entries())
    target[index] = typeof element === 'boolean' ? Number(element) : element;
  return { kind: 'numbers', datatype, shape, buffer };
}

function readRaw(name: string, raw: Buffer, datatype: Datatype, shape: readonly number[], count: number): TensorValue {
  if (datatype === 'BYTES') return { kind: 'strings', shape, strings: readRawStrings(name, raw, count) };
  checkRawLength(name, raw, datatype, shape, count);
  // A copy: the bytes lie anywhere within the message, and elements need an even place.
  const buffer = new Uint8Array(raw).buffer;
  return { kind: 'numbers', datatype, shape, buffer };
}

function checkRawLength(
  name: string,
  raw: Buffer,
  datatype: NumberType,
  shape: readonly number[],
  count: number,
): void {
  const wanted = count * NUMBER_KINDS[datatype].bytes;
  if (raw.length !== wanted)
    throw invalid(`input '${name}' has ${raw.length} raw bytes, its shape [${shape.join(',')}] takes ${wanted}`);
}

/** Each has its length in front, in four bytes. */
function readRawStrings(name: string, raw: Buffer, count: number): readonly string[] {
  const strings: string[] = [];
  for (let at = 0; at < raw.length;) {
    const from = at + 4;
    const to = from > raw.length ? Number.POSITIVE_INFINITY : from + raw.readUInt32LE(at);
    if (to > raw.length || strings.length === count)
      throw invalid(`input '${name}' has raw bytes that are not ${count} strings`);
    strings.push(raw.toString('utf8', from, to));
    at = to;
  }
  return strings;
}

function namesOf(tensors: readonly TensorFacts[]): string {
  return tensors.map(({ name }) => `'${name}'`).join(', ');
}

function invalid(message: string): ServerError {
  return new ServerError(Status.INVALID_ARGUMENT, message);
}
