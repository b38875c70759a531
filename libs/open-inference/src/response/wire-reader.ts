import { RestError } from '../json/rest-error.ts';

const INTERNAL = 13;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Walks over the fields of a protobuf message: after `next` has given true, the field's value is at `from` to `to`, its length left out. */
export class WireReader {
  readonly bytes: Buffer;
  field = 0;
  /** Where the field begins, with its tag. */
  start = 0;
  from = 0;
  to: number;
  readonly #end: number;

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.to = from;
    this.#end = end;
  }

  /** @throws RestError 500 for bytes that are no message */
  next(): boolean {
    if (this.to >= this.#end) return false;
    this.start = this.to;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === LENGTH_DELIMITED) {
      const length = this.#varint();
      this.from = this.to;
      this.to += length;
    } else {
      this.from = this.to;
      if (wireType === VARINT) this.#varint();
      else if (wireType === FIXED_64) this.to += 8;
      else if (wireType === FIXED_32) this.to += 4;
      else throw unreadable();
    }
    if (this.to > this.#end) throw unreadable();
    return true;
  }

  /** Exact below 2^53, which is all that a length can be. */
  #varint(): number {
    let value = 0;
    for (let power = 1; power < 2 ** 70; power *= 128) {
      const byte = this.bytes[this.to++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * power;
      if (byte < 0x80) return value;
    }
    throw unreadable();
  }
}

export function unreadable(): RestError {
  return new RestError(INTERNAL, "the model's answer cannot be read");
}
