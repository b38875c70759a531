import { ModelInferRequest_InferInputTensor as InferInputTensor } from '../gen/inference/v2.ts';
import { JsonScanner } from '../json/json-scanner.ts';
import { invalid } from '../json/rest-error.ts';
import { BytesData } from './bytes-data.ts';
import { numberData } from './number-data.ts';
import { isBase64, parseParameters, type Parameters } from './parameters.ts';
import { parseShape, parseSmall, parseText } from './small-values.ts';
import { NO_DATA, type PackedContents, type TensorData } from './tensor-data.ts';

/** An input as it goes to the model: `head` is the message without its contents. */
export type EncodedInput = { readonly head: Uint8Array; readonly contents: PackedContents };

/** One of the inputs while it is read; the order of its fields does not matter. Every method throws RestError 400. */
export class TensorReader {
  #name = '';
  #datatype: string | undefined;
  #shape: readonly number[] = [];
  #parameters: Parameters = {};
  #data: TensorData | undefined;
  /** `data` as it came, where its datatype was not known yet. */
  #unread: Buffer[] | undefined;

  /** The fields that `set` takes. */
  static isField(name: string): boolean {
    return ['name', 'datatype', 'shape', 'parameters'].includes(name);
  }

  set(field: string, pieces: readonly Buffer[]): void {
    const value = parseSmall(field, pieces);
    if (field === 'name') this.#name = parseText(field, value);
    else if (field === 'datatype') this.#setDatatype(parseText(field, value));
    else if (field === 'shape') this.#shape = parseShape(value);
    else this.#parameters = parseParameters(value);
  }

  #setDatatype(datatype: string): void {
    if (this.#data !== undefined && datatype !== this.#datatype) throw invalid('a tensor has one datatype only');
    this.#datatype = datatype;
  }

  /** Where `data` goes that is about to come; undefined while that is not known, and its bytes are to be kept for `setUnread`. */
  startData(): TensorData | undefined {
    this.#unread = undefined;
    this.#data = this.#datatype === undefined ? undefined : dataOf(this.#datatype);
    return this.#data;
  }

  setUnread(pieces: Buffer[]): void {
    this.#unread = pieces;
  }

  finish(): EncodedInput {
    const datatype = this.#datatype ?? '';
    if (datatype === 'FP16') throw invalid(`FP16 tensors not supported (response tensor ${this.#name})`);
    const data = this.#unread === undefined ? (this.#data ?? dataOf(datatype)) : replay(datatype, this.#unread);
    if (data === NO_DATA) throw invalid(`unsupported datatype: ${datatype}`);
    const contents = data.finish({ shape: this.#shape, isBase64: isBase64(this.#parameters) });
    const tensor = { name: this.#name, datatype, shape: this.#shape.map(BigInt), parameters: this.#parameters };
    return { head: InferInputTensor.encode({ ...tensor, contents: undefined }).finish(), contents };
  }
}

function dataOf(datatype: string): TensorData {
  return datatype === 'BYTES' ? new BytesData() : (numberData(datatype) ?? NO_DATA);
}

function replay(datatype: string, pieces: Buffer[]): TensorData {
  const data = dataOf(datatype);
  const scanner = new JsonScanner(data);
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) scanner.write(piece);
  scanner.end();
  return data;
}
