import { invalid } from '../json/rest-error.ts';
import type { NumberLiteral } from '../json/number-literal.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { notAnArray } from './number-data.ts';
import { CONTENTS_TAGS, type PackedContents, type TensorData, type TensorFacts } from './tensor-data.ts';

const NOT_BYTE_ARRAYS = 'invalid tensor data: must be an array of byte arrays';
const WRONG_NESTING = 'invalid tensor data: array nesting does not match tensor shape';
const NOTHING = Buffer.alloc(0);

/** The kind of the elements, from the first of them. */
type Form = 'unknown' | 'strings' | 'byte arrays' | 'none';

/** BYTES: strings, or arrays of bytes. */
export class BytesData implements TensorData {
  /** Each element with its tag and its length, as it stands on the wire. */
  readonly #elements = new GrowingBytes();
  #count = 0;
  #form: Form = 'unknown';
  #depth = 0;
  /** How deep the first element lies; a byte array's own brackets count. */
  #elementDepth = 0;
  /** The bytes of the byte array that is open. */
  #element = Buffer.allocUnsafe(64);
  #elementLength = 0;

  startArray(): void {
    this.#depth += 1;
    if (this.#form === 'unknown') this.#elementDepth += 1;
    else if (this.#form === 'byte arrays' && this.#depth > this.#elementDepth) throw invalid(WRONG_NESTING);
  }

  endArray(): void {
    // Brackets with nothing in them: an array of no bytes, or no element at all.
    if (this.#form === 'unknown') this.#form = this.#elementDepth > 1 ? 'byte arrays' : 'none';
    if (this.#form === 'byte arrays' && this.#depth === this.#elementDepth) this.#endElement();
    this.#depth -= 1;
  }

  string(bytes: Buffer, from: number, to: number): void {
    if (this.#depth === 0) throw notAnArray();
    if (this.#form === 'unknown') this.#form = 'strings';
    if (this.#form !== 'strings') throw invalid(NOT_BYTE_ARRAYS);
    this.#append(bytes, from, to);
  }

  number(literal: NumberLiteral): void {
    if (this.#depth === 0) throw notAnArray();
    this.#expectByte();
    const { value } = literal;
    if (!literal.isInteger || value < 0 || value > 255)
      throw invalid(`invalid tensor data: ${literal.text()} is not a byte`);
    if (this.#elementLength === this.#element.length)
      this.#element = Buffer.concat([this.#element], this.#elementLength * 2);
    this.#element[this.#elementLength++] = value;
  }

  literal(): void {
    if (this.#depth === 0) throw notAnArray();
    this.#refuse();
  }

  startObject(): void {
    if (this.#depth === 0) throw notAnArray();
    this.#refuse();
  }

  endObject(): void {}

  key(): void {}

  finish({ shape, isBase64 }: TensorFacts): PackedContents {
    const depth = this.#elementDepth;
    if (this.#form === 'strings') {
      if (depth !== 1 && depth !== shape.length) throw invalid('data array nesting does not match tensor shape');
      if (this.#count > elementCount(shape)) throw invalid('more strings than expected for tensor shape');
      return { head: NOTHING, elements: isBase64 ? fromBase64(this.#elements, this.#count) : this.#elements };
    }
    if (this.#form === 'none' && elementCount(shape) !== 0) throw invalid(NOT_BYTE_ARRAYS);
    if (this.#form === 'byte arrays' && depth > 2 && depth - 1 !== shape.length) throw invalid(WRONG_NESTING);
    return { head: NOTHING, elements: this.#elements };
  }

  #expectByte(): void {
    if (this.#form === 'unknown' && this.#elementDepth > 1) this.#form = 'byte arrays';
    if (this.#form !== 'byte arrays') this.#refuse();
    if (this.#depth !== this.#elementDepth) throw invalid(WRONG_NESTING);
  }

  #refuse(): never {
    throw invalid(
      this.#form === 'strings' ? 'tensor data must be a flat or nested json array of strings' : NOT_BYTE_ARRAYS,
    );
  }

  #endElement(): void {
    this.#append(this.#element, 0, this.#elementLength);
    this.#elementLength = 0;
  }

  #append(bytes: Buffer, from: number, to: number): void {
    appendElement(this.#elements, bytes, from, to);
    this.#count += 1;
  }
}

function appendElement(elements: GrowingBytes, bytes: Buffer, from: number, to: number): void {
  elements.varint(CONTENTS_TAGS.bytes);
  elements.varint(to - from);
  elements.append(bytes, from, to);
}

/** Whether the text is base64 is known only when the whole tensor has been read: its parameters may come last. */
function fromBase64(elements: GrowingBytes, count: number): GrowingBytes {
  const bytes = Buffer.allocUnsafe(elements.length);
  elements.moveTo(bytes, 0);
  const decoded = new GrowingBytes();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    for (at += 1; byte > 0x7f; at += 1) {
      byte = bytes[at] as number;
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    const element = decodeBase64(bytes.toString('latin1', at, at + length));
    appendElement(decoded, element, 0, element.length);
    at += length;
  }
  return decoded;
}

function decodeBase64(text: string): Buffer {
  const plain = text.replaceAll(/[\r\n]/g, '');
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain))
    throw invalid('error decoding json string as base64: illegal base64 data');
  return Buffer.from(plain, 'base64');
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}
