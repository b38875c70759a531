import { unreadable } from './wire-reader.ts';

/** Reads values of a message one after another. */
export class Cursor {
  at: number;
  /** The two unsigned halves of the varint or the 64-bit number that was read last. */
  low = 0;
  high = 0;
  readonly view: DataView;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Steps over so many bytes, and says where they begin. @throws RestError 500 when they are not there */
  step(bytes: number): number {
    const { at } = this;
    this.at = at + bytes;
    if (this.at > this.#bytes.length) throw unreadable();
    return at;
  }

  /** @throws RestError 500 when there is none */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) break;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      // The fifth byte has bits of both halves.
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw unreadable();
  }

  fixed64(): void {
    const at = this.step(8);
    this.low = this.view.getUint32(at, true);
    this.high = this.view.getUint32(at + 4, true);
  }
}
