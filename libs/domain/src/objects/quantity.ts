/** How a quantity is written: powers of 1024, of 1000 by letter, or of ten by exponent. It is printed in the way it came. */
export type QuantityFamily = 'binary' | 'decimal' | 'exponent';
/** An amount in billionths, the finest that Kubernetes knows. Whole numbers, since a cluster's memory outgrows a double's precision. */
export type Quantity = { readonly nanos: bigint; readonly family: QuantityFamily };

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/;
/** Longer than any sensible quantity; what is longer would only cost time. */
const LONGEST = 100;
const NANO = 9;
const NANOS = 10n ** BigInt(NANO);
/** Kubernetes cuts binary quantities off here, without a word. */
const LARGEST_BINARY = (2n ** 63n - 1n) * NANOS;

/** Reads a quantity as Kubernetes does, except that a unit needs a number: there, `Ki` alone is zero. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const given = String(text);
  const match = given.length > LONGEST ? null : FORM.exec(given);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole + fraction === '') return undefined;
  const family = binary !== undefined ? 'binary' : exponent !== undefined ? 'exponent' : 'decimal';
  const factor = 1024n ** BigInt(BINARY.findIndex((unit) => unit === (binary ?? '')));
  const power = exponent === undefined ? 3 * DECIMAL.findIndex((unit) => unit === (decimal ?? '')) - NANO : +exponent;
  const size = scaled(BigInt(whole + fraction) * factor, power - fraction.length + NANO);
  const nanos = family === 'binary' && size > LARGEST_BINARY ? LARGEST_BINARY : size;
  return { nanos: sign === '-' ? -nanos : nanos, family };
}

/** `amount` times ten to the `power`. Rounded up: a request for the smallest amount is not zero. */
function scaled(amount: bigint, power: number): bigint {
  return power >= 0 ? amount * 10n ** BigInt(power) : ceilDivide(amount, 10n ** BigInt(-power));
}

function ceilDivide(amount: bigint, divisor: bigint): bigint {
  return (amount + divisor - 1n) / divisor;
}

/** A quantity as Kubernetes prints it after parsing: the same amount with the largest unit that leaves a whole number. */
export function canonicalQuantity(text: string | number): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const { nanos, family } = quantity;
  if (nanos < 0n) return `-${print(-nanos, family)}`;
  return print(nanos, family);
}

function print(nanos: bigint, family: QuantityFamily): string {
  if (nanos === 0n) return '0';
  const wholeKibibytes = nanos >= 1024n * NANOS && nanos % NANOS === 0n;
  if (family === 'binary' && wholeKibibytes) return formatBinary(nanos / NANOS);
  const [count, steps] = reduced(nanos, 1000n, Number.POSITIVE_INFINITY);
  const power = 3 * steps - NANO;
  const unit = family === 'exponent' ? undefined : DECIMAL[steps];
  return `${count}${unit ?? (power === 0 ? '' : `e${power}`)}`;
}

/** Takes `base` out of `amount` as often as it goes, `most` times at most. */
function reduced(amount: bigint, base: bigint, most: number): readonly [amount: bigint, times: number] {
  let [left, times] = [amount, 0];
  while (left !== 0n && left % base === 0n && times < most) [left, times] = [left / base, times + 1];
  return [left, times];
}

/** Whether both are quantities of the same amount, however they are written. */
export function sameQuantity(a: string | number, b: string | number): boolean {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left !== undefined && right !== undefined && left.nanos === right.nanos;
}

/** The amount as whole bytes. A started byte counts, away from zero, as in Kubernetes. */
export function wholeBytes(text: string | number): bigint | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const { nanos } = quantity;
  return nanos < 0n ? -ceilDivide(-nanos, NANOS) : ceilDivide(nanos, NANOS);
}

/** Bytes in the largest binary unit that leaves a whole number. */
export function formatBinary(bytes: bigint): string {
  const [count, steps] = reduced(bytes, 1024n, BINARY.length - 1);
  return `${count}${BINARY[steps]}`;
}
