/** The flag byte and the length of four bytes before each message. */
export const PREFIX_BYTES = 5;

/** What is wrong with a stream of which one message was expected. */
export type MessageFault = 'too long' | 'second message' | 'malformed';

/** Takes the one length-prefixed message of a unary stream out of chunks of any size. */
export class MessageReader {
  /** As it came, perhaps compressed; undefined until it is whole. */
  message: Buffer | undefined;
  compressed = false;
  /** The length from the prefix; 0 before it is read. */
  length = 0;
  readonly #maxBytes: number;
  #prefix: Buffer | undefined;
  #prefixDone = false;
  #body: Buffer | undefined;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether nothing at all has come yet. */
  get empty(): boolean {
    return !this.#prefixDone && this.#prefix === undefined;
  }

  /** After a fault nothing more may be pushed. */
  push(chunk: Buffer): MessageFault | undefined {
    if (chunk.length === 0) return undefined;
    if (this.message !== undefined) return 'second message';
    if (this.#prefixDone) return this.#pushBody(chunk);
    const data = this.#prefix === undefined ? chunk : Buffer.concat([this.#prefix, chunk]);
    this.#prefix = data;
    if (data.length < PREFIX_BYTES) return undefined;
    this.#prefixDone = true;
    this.#prefix = undefined;
    this.length = data.readUInt32BE(1);
    this.compressed = data[0] === 1;
    if (data[0] !== 0 && data[0] !== 1) return 'malformed';
    if (this.length > this.#maxBytes) return 'too long';
    return this.#pushBody(data.subarray(PREFIX_BYTES));
  }

  #pushBody(chunk: Buffer): MessageFault | undefined {
    const end = this.#filled + chunk.length;
    if (end > this.length) return 'second message';
    // Most messages come in one piece, and need no copy.
    if (chunk.length === this.length) {
      this.message = chunk;
      return undefined;
    }
    if (chunk.length === 0) return undefined;
    const body = this.#bodyFor(end);
    chunk.copy(body, this.#filled);
    this.#filled = end;
    if (end === this.length) this.message = body;
    return undefined;
  }

  /** Grows with what has come, eightfold at a time: a prefix alone must not cost the memory that it promises to fill. */
  #bodyFor(end: number): Buffer {
    if (this.#body !== undefined && this.#body.length >= end) return this.#body;
    const grown = Buffer.allocUnsafeSlow(Math.min(this.length, Math.max(end * 8, 65_536)));
    this.#body?.copy(grown, 0, 0, this.#filled);
    this.#body = grown;
    return grown;
  }
}
