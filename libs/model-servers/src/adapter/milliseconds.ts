const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it, with one unit: `100ms`, `3s`. @throws Error naming the variable */
export function milliseconds(variable: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${variable}: must be a duration such as 100ms or 3s, not ${text}`);
  return Number(number) * (UNITS[unit] ?? 1);
}
