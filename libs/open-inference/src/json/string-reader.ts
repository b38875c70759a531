import { isEscape, unescapeBytes } from './string-bytes.ts';

const NOTHING = Buffer.alloc(0);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const FIRST_PRINTABLE = 0x20;

/** Reads one string after another, each over as many pieces of the text as it takes. */
export class StringReader {
  isOpen = false;
  /** What the string that was closed last means, in UTF-8: `bytes` from `from` to `to`. */
  bytes: Buffer = NOTHING;
  from = 0;
  to = 0;
  readonly #pieces: Buffer[] = [];
  #hasEscapes = false;
  #afterBackslash = false;
  /** Hex digits that an escape still lacks. */
  #hexDigits = 0;

  open(): void {
    this.isOpen = true;
    this.#hasEscapes = false;
  }

  /** The index behind the closing quote; -1 when the piece ends before it, -2 when the string is malformed. */
  read(data: Buffer, start: number): number {
    for (let at = start; at < data.length; at += 1) {
      const byte = data[at] as number;
      if (this.#afterBackslash || this.#hexDigits > 0) {
        if (!this.#escape(byte)) return -2;
      } else if (byte === QUOTE) {
        this.#close(data, start, at);
        return at + 1;
      } else if (byte === BACKSLASH) {
        this.#afterBackslash = true;
        this.#hasEscapes = true;
      } else if (byte < FIRST_PRINTABLE) return -2;
    }
    this.#pieces.push(data.subarray(start));
    return -1;
  }

  /** Most strings are plain and in one piece, and stay where they are. */
  #close(data: Buffer, start: number, end: number): void {
    this.isOpen = false;
    if (this.#pieces.length === 0 && !this.#hasEscapes) {
      this.bytes = data;
      this.from = start;
      this.to = end;
      return;
    }
    const raw = Buffer.concat([...this.#pieces, data.subarray(start, end)]);
    this.#pieces.length = 0;
    this.bytes = this.#hasEscapes ? unescapeBytes(raw) : raw;
    this.from = 0;
    this.to = this.bytes.length;
  }

  #escape(byte: number): boolean {
    if (this.#hexDigits > 0) {
      this.#hexDigits -= 1;
      return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
    }
    this.#afterBackslash = false;
    if (byte === LETTER_U) this.#hexDigits = 4;
    return byte === LETTER_U || isEscape(byte);
  }
}
