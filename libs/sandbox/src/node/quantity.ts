const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `500m` gives 0.5, `1Gi` gives 1073741824. @throws Error for text that is no quantity. */
export function parseQuantity(text: string): number {
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]{0,2})$/.exec(text);
  const factor = FACTORS[match?.[2] ?? ''];
  const number = Number(match?.[1]);
  if (match === null || factor === undefined || Number.isNaN(number)) throw new Error(`${text} is no quantity`);
  return number * factor;
}

/** A quantity in units of a divisor, rounded up, as Kubernetes puts it into the environment. A divisor of 0 means 1. */
export function inUnitsOf(quantity: string, divisor = '1'): string {
  const unit = parseQuantity(divisor);
  // Powers of ten leave dust such as 500.00000000000006, which must not round up.
  return String(Math.ceil(Number((parseQuantity(quantity) / (unit === 0 ? 1 : unit)).toPrecision(15))));
}
