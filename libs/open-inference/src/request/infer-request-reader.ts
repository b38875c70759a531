import type { NumberLiteral } from '../json/number-literal.ts';
import { JsonScanner, type JsonEvents } from '../json/json-scanner.ts';
import { invalid } from '../json/rest-error.ts';
import { parseParameters, type Parameters } from './parameters.ts';
import { parseOutputs, parseSmall, parseText, type RequestedOutput } from './small-values.ts';
import { NO_DATA, type TensorData } from './tensor-data.ts';
import { TensorReader, type EncodedInput } from './tensor-reader.ts';

/** What the body of an inference says. */
export type InferBody = {
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly EncodedInput[];
  readonly outputs: readonly RequestedOutput[];
};

/** Where the reader stands, values of single fields aside. */
type Place = 'start' | 'request' | 'before inputs' | 'inputs' | 'tensor' | 'end';

const REQUEST_FIELDS = ['id', 'parameters', 'outputs'];

/**
 * Reads the body of an inference as it arrives: elements of tensors go into the bytes of the message to the model, one by one, and
 * nothing else is kept
 * of them. Unknown fields are skipped. `write` and `end` throw RestError 400.
 */
export class InferRequestReader implements JsonEvents {
  readonly #scanner = new JsonScanner(this);
  readonly #inputs: EncodedInput[] = [];
  #id = '';
  #parameters: Parameters = {};
  #outputs: readonly RequestedOutput[] = [];
  #place: Place = 'start';
  #tensor = new TensorReader();
  /** Called at the end of the value of a field, while there is one. */
  #endValue: (() => void) | undefined;
  #depth = 0;
  #data: TensorData = NO_DATA;

  write(chunk: Buffer): void {
    this.#scanner.write(chunk);
  }

  /** An empty body is a request without inputs. */
  end(): InferBody {
    this.#scanner.end();
    return { id: this.#id, parameters: this.#parameters, inputs: this.#inputs, outputs: this.#outputs };
  }

  key(name: string): void {
    if (this.#endValue !== undefined) return this.#data.key();
    if (this.#place === 'request' && name === 'inputs') {
      this.#place = 'before inputs';
      this.#inputs.length = 0;
    } else if (this.#place === 'request' && REQUEST_FIELDS.includes(name))
      this.#keep((pieces) => this.#set(name, pieces));
    else if (this.#place === 'tensor' && TensorReader.isField(name))
      this.#keep((pieces) => this.#tensor.set(name, pieces));
    else if (this.#place === 'tensor' && name === 'data') this.#startData();
    else this.#endValue = () => undefined;
  }

  startObject(): void {
    if (this.#endValue !== undefined) {
      this.#depth += 1;
      this.#data.startObject();
    } else if (this.#place === 'start') this.#place = 'request';
    else if (this.#place === 'inputs') {
      this.#place = 'tensor';
      this.#tensor = new TensorReader();
    } else this.#misplaced();
  }

  endObject(): void {
    if (this.#endValue !== undefined) {
      this.#data.endObject();
      this.#leave();
    } else if (this.#place === 'tensor') {
      this.#inputs.push(this.#tensor.finish());
      this.#place = 'inputs';
    } else this.#place = 'end';
  }

  startArray(): void {
    if (this.#endValue !== undefined) {
      this.#depth += 1;
      this.#data.startArray();
    } else if (this.#place === 'before inputs') this.#place = 'inputs';
    else this.#misplaced();
  }

  endArray(): void {
    if (this.#endValue !== undefined) {
      this.#data.endArray();
      this.#leave();
    } else this.#place = 'request';
  }

  number(literal: NumberLiteral): void {
    if (this.#endValue === undefined) this.#misplaced();
    this.#data.number(literal);
    if (this.#depth === 0) this.#finishValue();
  }

  string(bytes: Buffer, from: number, to: number): void {
    if (this.#endValue === undefined) this.#misplaced();
    this.#data.string(bytes, from, to);
    if (this.#depth === 0) this.#finishValue();
  }

  literal(value: boolean | null): void {
    if (this.#endValue === undefined) return this.#absent(value);
    this.#data.literal(value);
    if (this.#depth === 0) this.#finishValue();
  }

  #absent(value: boolean | null): void {
    if (value === null && this.#place === 'start') this.#place = 'end';
    else if (value === null && this.#place === 'before inputs') this.#place = 'request';
    else this.#misplaced();
  }

  #misplaced(): never {
    if (this.#place === 'start') throw invalid('the body must be a JSON object');
    throw invalid(this.#place === 'inputs' ? 'inputs must be objects' : 'inputs must be an array');
  }

  #startData(): void {
    const tensor = this.#tensor;
    const data = tensor.startData();
    if (data === undefined) return this.#keep((pieces) => tensor.setUnread(pieces));
    this.#data = data;
    this.#endValue = () => undefined;
  }

  #keep(use: (pieces: Buffer[]) => void): void {
    this.#scanner.capture();
    this.#endValue = () => use(this.#scanner.takeCaptured());
  }

  #leave(): void {
    this.#depth -= 1;
    if (this.#depth === 0) this.#finishValue();
  }

  #finishValue(): void {
    const endValue = this.#endValue;
    this.#endValue = undefined;
    this.#data = NO_DATA;
    endValue?.();
  }

  #set(field: string, pieces: readonly Buffer[]): void {
    const value = parseSmall(field, pieces);
    if (field === 'id') this.#id = parseText(field, value);
    else if (field === 'parameters') this.#parameters = parseParameters(value);
    else this.#outputs = parseOutputs(value);
  }
}
