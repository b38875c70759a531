import { invalid } from '../json/rest-error.ts';
import type { NumberLiteral } from '../json/number-literal.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { CONTENTS_TAGS, packed, type PackedContents, type TensorData, type TensorFacts } from './tensor-data.ts';

const TWO_32 = 2 ** 32;
const LOW_HALF = 0xffff_ffffn;

type WriteNumber = (elements: GrowingBytes, literal: NumberLiteral) => void;

/** How the elements of each datatype are read, and in which field they go. */
type ElementKind = { readonly tag: number; readonly wants: string; readonly number?: WriteNumber };

const uint32: WriteNumber = (elements, literal) => {
  const { value } = literal;
  if (!literal.isInteger || value < 0 || value >= TWO_32 || Object.is(value, -0))
    throw wrong(literal, 'unsigned 32-bit integer');
  elements.varint(value);
};

const int32: WriteNumber = (elements, literal) => {
  const { value } = literal;
  if (!literal.isInteger || value < -TWO_32 / 2 || value >= TWO_32 / 2) throw wrong(literal, '32-bit integer');
  if (value < 0) elements.varint64(value >>> 0, 0xffff_ffff);
  else elements.varint(value);
};

function integer64(what: string, fits: (value: bigint) => boolean): WriteNumber {
  return (elements, literal) => {
    const { value } = literal;
    if (literal.isInteger && value >= 0 && value <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0))
      return elements.varint64(value >>> 0, Math.floor(value / TWO_32));
    // BigInt knows no exponents, and JSON no other notations of BigInt.
    const exact = literal.isInteger ? BigInt(literal.text()) : undefined;
    if (exact === undefined || !fits(exact) || (what !== INT64 && literal.text().startsWith('-')))
      throw wrong(literal, what);
    elements.varint64(Number(exact & LOW_HALF), Number((exact >> 32n) & LOW_HALF));
  };
}

const INT64 = '64-bit integer';
const int64 = integer64(INT64, (value) => BigInt.asIntN(64, value) === value);
const uint64 = integer64('unsigned 64-bit integer', (value) => BigInt.asUintN(64, value) === value);

const fp32: WriteNumber = (elements, literal) => {
  const value = Math.fround(literal.value);
  if (!Number.isFinite(value)) throw wrong(literal, '32-bit float');
  elements.float(value);
};

const fp64: WriteNumber = (elements, literal) => {
  if (!Number.isFinite(literal.value)) throw wrong(literal, '64-bit float');
  elements.double(literal.value);
};

const UINT: ElementKind = { tag: CONTENTS_TAGS.uint, wants: 'integers', number: uint32 };
const INT: ElementKind = { tag: CONTENTS_TAGS.int, wants: 'integers', number: int32 };

const KINDS: Readonly<Record<string, ElementKind>> = {
  BOOL: { tag: CONTENTS_TAGS.bool, wants: 'true or false' },
  UINT8: UINT,
  UINT16: UINT,
  UINT32: UINT,
  UINT64: { tag: CONTENTS_TAGS.uint64, wants: 'integers', number: uint64 },
  INT8: INT,
  INT16: INT,
  INT32: INT,
  INT64: { tag: CONTENTS_TAGS.int64, wants: 'integers', number: int64 },
  FP32: { tag: CONTENTS_TAGS.fp32, wants: 'numbers', number: fp32 },
  FP64: { tag: CONTENTS_TAGS.fp64, wants: 'numbers', number: fp64 },
};

/** For numbers and booleans; undefined for any other datatype. */
export function numberData(datatype: string): TensorData | undefined {
  const kind = Object.hasOwn(KINDS, datatype) ? KINDS[datatype] : undefined;
  return kind && new NumberData(datatype, kind);
}

class NumberData implements TensorData {
  readonly #datatype: string;
  readonly #kind: ElementKind;
  readonly #write: WriteNumber;
  readonly #elements = new GrowingBytes();
  #depth = 0;
  #brackets = 0;

  constructor(datatype: string, kind: ElementKind) {
    this.#datatype = datatype;
    this.#kind = kind;
    this.#write = kind.number ?? (() => this.#refuse('a number'));
  }

  startArray(): void {
    this.#depth += 1;
    this.#brackets += 1;
  }

  endArray(): void {
    this.#depth -= 1;
  }

  number(literal: NumberLiteral): void {
    if (this.#depth === 0) throw notAnArray();
    this.#write(this.#elements, literal);
  }

  literal(value: boolean | null): void {
    if (this.#depth === 0) throw notAnArray();
    if (value === null || this.#kind.number !== undefined) this.#refuse(String(value));
    this.#elements.varint(value ? 1 : 0);
  }

  string(): void {
    if (this.#depth === 0) throw notAnArray();
    this.#refuse('a string');
  }

  startObject(): void {
    if (this.#depth === 0) throw notAnArray();
    this.#refuse('an object');
  }

  endObject(): void {}

  key(): void {}

  finish({ shape }: TensorFacts): PackedContents {
    const isFlat = this.#brackets <= 1;
    if (!isFlat && this.#brackets !== nestedBrackets(shape))
      throw invalid('invalid tensor data: invalid nested json arrays');
    return packed(this.#kind.tag, this.#elements);
  }

  #refuse(found: string): never {
    throw invalid(`invalid tensor data: ${this.#datatype} takes ${this.#kind.wants}, not ${found}`);
  }
}

export function notAnArray(): Error {
  return invalid('invalid tensor data: not a json array');
}

function wrong(literal: NumberLiteral, what: string): Error {
  return invalid(`invalid tensor data: ${literal.text()} is not a ${what}`.replace('a unsigned', 'an unsigned'));
}

/** One for the whole, and one for each row of every dimension but the last. */
function nestedBrackets(shape: readonly number[]): number {
  let rows = 1;
  let brackets = 1;
  for (const length of shape.slice(0, -1)) {
    rows *= length;
    brackets += rows;
  }
  return brackets;
}
