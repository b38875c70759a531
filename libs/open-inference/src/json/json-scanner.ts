import { invalid, type RestError } from './rest-error.ts';
import { NumberReader, type NumberLiteral } from './number-literal.ts';
import { StringReader } from './string-reader.ts';

/** The events of a JSON text, in order. An error thrown by a handler ends the reading. */
export type JsonEvents = {
  startObject(): void;
  endObject(): void;
  startArray(): void;
  endArray(): void;
  key(name: string): void;
  /** What the string means, in UTF-8: `bytes` from `from` to `to`. */
  string(bytes: Buffer, from: number, to: number): void;
  number(literal: NumberLiteral): void;
  literal(value: boolean | null): void;
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What has to come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const NEXT_OR_END = 2;
const KEY = 3;
const KEY_OR_END = 4;
const AFTER_KEY = 5;
const NOTHING = 6;

const NINE = 0x39;

const MORE = -1;
const MAX_DEPTH = 10_000;
/** A number of which no end is in sight. */
const MAX_NUMBER_BYTES = 4_096;
const SPACE = Buffer.from(' ');
const EMPTY = Buffer.alloc(0);
const WORDS = new Map<number, readonly [word: string, value: boolean | null]>([
  [0x74, ['true', true]],
  [0x66, ['false', false]],
  [0x6e, ['null', null]],
]);

/**
 * Reads a JSON text in pieces that may be cut anywhere, as strictly as RFC 8259, and builds nothing.
 * `write` and `end` throw RestError 400 that says at which byte the text is wrong, and what an event throws.
 */
export class JsonScanner {
  readonly #events: JsonEvents;
  readonly #numbers = new NumberReader();
  readonly #strings = new StringReader();
  /** Whether each open bracket is an array's. */
  readonly #open: boolean[] = [];
  #inArray = false;
  #state = VALUE;
  /** The beginning of a number or a word that the last piece cut. */
  #rest: Buffer = EMPTY;
  /** Bytes of the text before the current piece. */
  #passed = 0;
  /** End of the current token in the current piece. */
  #tokenEnd = 0;
  #data: Buffer = SPACE;
  #captureNext = false;
  #captured: Buffer[] | undefined;
  #captureFrom = 0;

  constructor(events: JsonEvents) {
    this.#events = events;
  }

  write(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    this.#data = data;
    let at = this.#strings.isOpen ? this.#string(data, 0) : 0;
    while (at >= 0 && at < data.length) {
      const byte = data[at] as number;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) at += 1;
      else at = this.#token(data, at, byte);
    }
    const end = data.length - this.#rest.length;
    if (this.#captured !== undefined && this.#captureFrom < end)
      this.#captured.push(data.subarray(this.#captureFrom, end));
    this.#captureFrom = 0;
    this.#passed += end;
  }

  /** Says that nothing more comes. False when there was no text at all. */
  end(): boolean {
    // Ends a number that might have gone on.
    this.write(SPACE);
    if (this.#state === NOTHING) return true;
    const hasBegun = this.#state !== VALUE || this.#open.length > 0 || this.#strings.isOpen || this.#rest.length > 0;
    if (hasBegun) throw invalid('invalid JSON: unexpected end of the body');
    return false;
  }

  /** Within `key`: keeps the bytes of the value that follows. */
  capture(): void {
    this.#captureNext = true;
  }

  /** Within the event that ends a captured value: its bytes. They are kept no longer. */
  takeCaptured(): Buffer[] {
    const pieces = this.#captured ?? [];
    this.#captured = undefined;
    if (this.#captureFrom < this.#tokenEnd) pieces.push(this.#data.subarray(this.#captureFrom, this.#tokenEnd));
    return pieces;
  }

  #startCapture(at: number): void {
    this.#captureNext = false;
    this.#captured = [];
    this.#captureFrom = at;
  }

  /** Takes one token; the index behind it, or MORE. */
  #token(data: Buffer, at: number, byte: number): number {
    switch (this.#state) {
      case NEXT_OR_END:
        if (byte !== COMMA) return this.#close(at, byte);
        this.#state = this.#inArray ? VALUE : KEY;
        return at + 1;
      case VALUE:
        return this.#value(data, at, byte);
      case VALUE_OR_END:
        return byte === CLOSE_ARRAY ? this.#close(at, byte) : this.#value(data, at, byte);
      case AFTER_KEY:
        if (byte !== COLON) throw this.#unexpected(at, byte);
        if (this.#captureNext) this.#startCapture(at + 1);
        this.#state = VALUE;
        return at + 1;
      case KEY_OR_END:
        if (byte === CLOSE_OBJECT) return this.#close(at, byte);
    }
    if (byte !== QUOTE || this.#state === NOTHING) throw this.#unexpected(at, byte);
    this.#strings.open();
    return this.#string(data, at + 1);
  }

  #value(data: Buffer, at: number, byte: number): number {
    if (byte <= NINE && byte !== QUOTE) return this.#number(data, at);
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return this.#openBracket(at, byte === OPEN_ARRAY);
    if (byte === QUOTE) {
      this.#strings.open();
      return this.#string(data, at + 1);
    }
    const word = WORDS.get(byte);
    if (word === undefined) throw this.#unexpected(at, byte);
    return this.#word(data, at, word);
  }

  #openBracket(at: number, isArray: boolean): number {
    if (this.#open.length >= MAX_DEPTH) throw invalid(`invalid JSON: more than ${MAX_DEPTH} brackets are open`);
    this.#open.push(isArray);
    this.#inArray = isArray;
    this.#state = isArray ? VALUE_OR_END : KEY_OR_END;
    this.#tokenEnd = at + 1;
    if (isArray) this.#events.startArray();
    else this.#events.startObject();
    return at + 1;
  }

  #close(at: number, byte: number): number {
    if (byte !== (this.#inArray ? CLOSE_ARRAY : CLOSE_OBJECT)) throw this.#unexpected(at, byte);
    const wasArray = this.#inArray;
    this.#open.pop();
    this.#inArray = this.#open.at(-1) ?? false;
    this.#tokenEnd = at + 1;
    this.#endValue();
    if (wasArray) this.#events.endArray();
    else this.#events.endObject();
    return at + 1;
  }

  #endValue(): void {
    this.#state = this.#open.length === 0 ? NOTHING : NEXT_OR_END;
  }

  /** Numbers come in long rows, which are read in one go. */
  #number(data: Buffer, start: number): number {
    let at = start;
    for (;;) {
      const end = this.#numbers.read(data, at);
      if (end === MORE) return this.#wait(data, at);
      if (end < 0) throw this.#unexpected(at, data[at] as number);
      this.#tokenEnd = end;
      this.#endValue();
      this.#events.number(this.#numbers);
      if (!this.#inArray || data[end] !== COMMA) return end;
      this.#state = VALUE;
      at = data[end + 1] === 0x20 ? end + 2 : end + 1;
      if (at >= data.length || !isDigit(data[at] as number)) return at;
    }
  }

  #word(data: Buffer, at: number, [word, value]: readonly [string, boolean | null]): number {
    const found = data.toString('latin1', at, at + word.length);
    if (!word.startsWith(found)) throw this.#unexpected(at, data[at] as number);
    if (found.length < word.length) return this.#wait(data, at);
    this.#tokenEnd = at + word.length;
    this.#endValue();
    this.#events.literal(value);
    return this.#tokenEnd;
  }

  /** Reads on in an open string. */
  #string(data: Buffer, at: number): number {
    const end = this.#strings.read(data, at);
    if (end === MORE) return MORE;
    if (end < 0) throw invalid(`invalid JSON: malformed string near byte ${this.#passed + at}`);
    this.#tokenEnd = end;
    const { bytes, from, to } = this.#strings;
    if (this.#state === KEY || this.#state === KEY_OR_END) {
      this.#state = AFTER_KEY;
      this.#events.key(bytes.toString('utf8', from, to));
    } else {
      this.#endValue();
      this.#events.string(bytes, from, to);
    }
    return end;
  }

  /** The token is read again when more of it is there. */
  #wait(data: Buffer, at: number): number {
    if (data.length - at > MAX_NUMBER_BYTES)
      throw invalid(`invalid JSON: the number at byte ${this.#passed + at} is too long`);
    this.#rest = data.subarray(at);
    return MORE;
  }

  #unexpected(at: number, byte: number): RestError {
    const what =
      byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16).padStart(2, '0')}`;
    return invalid(`invalid JSON: unexpected ${what} at byte ${this.#passed + at}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= NINE;
}
