import { GRPC_CODES, RestError } from '../json/rest-error.ts';

const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);
const LARGEST_POWER = 22;
/** Nine digits distinguish any two 32-bit floats. */
const MOST_DIGITS = 9;
const SMALLEST_NORMAL = 2 ** -126;

/** @throws RestError 500 for what JSON has no number for */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new RestError(GRPC_CODES.UNKNOWN, `json: unsupported value: ${nameOf(value)}`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** With the fewest digits that still mean the same 32-bit float. `value` must be one. @throws RestError 500 for what JSON has no number for */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  // Of the numbers so near to zero that they are less precise, even one digit may be too many.
  if (Math.abs(value) < SMALLEST_NORMAL) return shortest(value, 1);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = 6; digits <= MOST_DIGITS; digits += 1) {
    const rounded = roundTo(value, digits - 1 - exponent);
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return shortest(value, 6);
}

function shortest(value: number, fewest: number): string {
  let digits = fewest;
  while (digits < MOST_DIGITS && Math.fround(Number(value.toPrecision(digits))) !== value) digits += 1;
  return String(Number(value.toPrecision(digits)));
}

function roundTo(value: number, decimals: number): number {
  if (decimals < -LARGEST_POWER || decimals > LARGEST_POWER) return Number.NaN;
  const power = POWERS[Math.abs(decimals)] as number;
  return decimals < 0 ? Math.round(value / power) * power : Math.round(value * power) / power;
}

function nameOf(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Two unsigned halves as one number with a sign. */
export function int64Text(low: number, high: number): string {
  const signed = high | 0;
  if (signed >= -0x20_0000 && signed < 0x20_0000) return String(signed * 2 ** 32 + low);
  return String((BigInt(signed) << 32n) | BigInt(low));
}

export function uint64Text(low: number, high: number): string {
  return high < 0x20_0000 ? String(high * 2 ** 32 + low) : String((BigInt(high) << 32n) | BigInt(low));
}
