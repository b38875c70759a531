/** A number of a JSON text, as it was written. */
export type NumberLiteral = {
  /** Its nearest double. */
  readonly value: number;
  /** Written without fraction and exponent. */
  readonly isInteger: boolean;
  /** Its source text; valid only during the event. */
  text(): string;
};

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);

/** The text ends before the number surely does. */
const MORE = -1;
const NO_NUMBER = -2;

/** Reads one number after another, and makes an object for none of them. */
export class NumberReader implements NumberLiteral {
  value = 0;
  isInteger = true;
  #data: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** The index behind the number that starts at `start`; -1 when the text ends before the number surely does, -2 when there is none. */
  read(data: Buffer, start: number): number {
    const { length } = data;
    const isNegative = data[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let mantissa = 0;
    let digit = 0;
    while (at < length && (digit = (data[at] as number) - ZERO) >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      at += 1;
    }
    if (at === length) return MORE;
    if (at === first) return NO_NUMBER;
    // No digit follows a zero in front.
    if (data[first] === ZERO && at > first + 1) return NO_NUMBER;
    let scale = 0;
    if (data[at] === DOT) {
      const point = at;
      at += 1;
      while (at < length && (digit = (data[at] as number) - ZERO) >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        at += 1;
      }
      if (at === length) return MORE;
      scale = point + 1 - at;
      if (scale === 0) return NO_NUMBER;
    }
    this.#data = data;
    this.#start = start;
    if (((data[at] as number) | 0x20) === LOWER_E) return this.#withExponent(at + 1);
    this.#end = at;
    this.isInteger = scale === 0;
    const value = this.#toValue(mantissa, scale);
    this.value = isNegative ? -value : value;
    return at;
  }

  text(): string {
    return this.#data.toString('latin1', this.#start, this.#end);
  }

  /**
   * A whole number below 2^53 and a power of ten up to 22 are exact in a double, so that one division gives the nearest one; everything else
   * is left to the engine.
   */
  #toValue(mantissa: number, scale: number): number {
    if (mantissa > Number.MAX_SAFE_INTEGER || scale < -22) return Math.abs(Number(this.text()));
    return scale === 0 ? mantissa : mantissa / (POWERS[-scale] as number);
  }

  #withExponent(start: number): number {
    const data = this.#data;
    const sign = data[start];
    const from = sign === PLUS || sign === MINUS ? start + 1 : start;
    let at = from;
    while (at < data.length && (data[at] as number) >= ZERO && (data[at] as number) <= ZERO + 9) at += 1;
    if (at === data.length) return MORE;
    if (at === from) return NO_NUMBER;
    this.#end = at;
    this.isInteger = false;
    this.value = Number(this.text());
    return at;
  }
}
