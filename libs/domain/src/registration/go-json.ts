import type { Json } from '../objects/reduce.ts';

/** Bytes decide in Go; JavaScript's own order differs above U+FFFF. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A string map with its keys in Go's order. */
export function sortKeys(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareBytes(a, b)));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * Compact JSON as Go's encoding/json writes it: `<`, `>`, `&` and the two line separators escaped, backspace and form feed in hex.
 * Keys are in the given order, and undefined ones are left out.
 */
export function goJson(value: Json): string {
  return JSON.stringify(value)
    .replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character] ?? character)
    .replace(/\\(?:\\|"|b|f)/g, (escape) => ({ '\\b': '\\u0008', '\\f': '\\u000c' })[escape] ?? escape);
}
