const SMALLEST_BLOCK = 256;
const LARGEST_BLOCK = 65_536;
/** What the longest of single values takes: a varint of 64 bits. */
const LONGEST = 10;

/** Bytes that are written one value after another, in the encodings of protobuf, and never moved until they are taken. */
export class GrowingBytes {
  readonly #full: Buffer[] = [];
  #block: Buffer;
  #view: DataView;
  #at = 0;
  #before = 0;

  constructor() {
    this.#block = Buffer.allocUnsafeSlow(SMALLEST_BLOCK);
    this.#view = viewOf(this.#block);
  }

  get length(): number {
    return this.#before + this.#at;
  }

  /** Unsigned, of 32 bits. */
  varint(value: number): void {
    this.#makeRoom(LONGEST);
    this.#varint(value);
  }

  /** Two's complement of 64 bits, in two unsigned halves. */
  varint64(low: number, high: number): void {
    if (high === 0) return this.varint(low);
    this.#makeRoom(LONGEST);
    const block = this.#block;
    let at = this.#at;
    for (let shift = 0; shift < 28; shift += 7) block[at++] = ((low >>> shift) & 0x7f) | 0x80;
    // Four bits of the lower half are left, and three of the upper one go with them.
    const middle = (low >>> 28) | ((high & 7) << 4);
    const rest = high >>> 3;
    block[at++] = rest === 0 ? middle : middle | 0x80;
    this.#at = at;
    if (rest !== 0) this.#varint(rest);
  }

  float(value: number): void {
    this.#makeRoom(LONGEST);
    this.#view.setFloat32(this.#at, value, true);
    this.#at += 4;
  }

  double(value: number): void {
    this.#makeRoom(LONGEST);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Copies `bytes` from `from` to `to`. */
  append(bytes: Buffer, from: number, to: number): void {
    this.#makeRoom(to - from);
    this.#at += bytes.copy(this.#block, this.#at, from, to);
  }

  /** Copies everything to `target` from `start` on, and drops each full block once it is copied. Nothing may be written afterwards. */
  moveTo(target: Buffer, start: number): void {
    let at = start;
    for (let block = this.#full.shift(); block !== undefined; block = this.#full.shift()) {
      target.set(block, at);
      at += block.length;
    }
    target.set(this.#block.subarray(0, this.#at), at);
  }

  #varint(value: number): void {
    const block = this.#block;
    let at = this.#at;
    let rest = value;
    while (rest > 0x7f) {
      block[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    block[at++] = rest;
    this.#at = at;
  }

  #makeRoom(bytes: number): void {
    if (this.#block.length - this.#at >= bytes) return;
    this.#full.push(this.#block.subarray(0, this.#at));
    this.#before += this.#at;
    const size = Math.max(bytes, Math.min(LARGEST_BLOCK, this.#before * 2));
    this.#block = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.#block);
    this.#at = 0;
  }
}

function viewOf(block: Buffer): DataView {
  return new DataView(block.buffer, block.byteOffset, block.byteLength);
}

/** How many bytes the varint of a length takes. */
export function varintLength(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}
