/**
 * JSON whose numbers survive: one that a JavaScript number cannot hold exactly (a 64-bit integer, `1.0`, `1e400`) is kept
 * as its source text, as an object of JSON.rawJSON, which JSON.stringify writes back as it was.
 */
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Node 24 has both; TypeScript's library for es2024 does not name them yet. */
const json = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): { readonly rawJSON: string };
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/** @throws SyntaxError, or RangeError for text nested too deeply. */
export function parseLossless(text: string): unknown {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(value, source) ? json.rawJSON(source) : value,
  );
}

/** Beyond the safe range a number may print as its source and still represent several integers. */
function isExact(value: number, source: string): boolean {
  return String(value) === source && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

/** A whole number, as bigint; undefined for anything else. */
export function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (!json.isRawJSON(value)) return undefined;
  return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : undefined;
}

/** A whole number that a JavaScript number holds exactly; undefined for anything else. */
export function toSafeInteger(value: unknown): number | undefined {
  const whole = toBigInt(value);
  return whole !== undefined && Number.isSafeInteger(Number(whole)) ? Number(whole) : undefined;
}

/** JSON text without spaces; bigint becomes a plain number. */
export function stringifyLossless(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? json.rawJSON(item.toString()) : item,
  );
}
