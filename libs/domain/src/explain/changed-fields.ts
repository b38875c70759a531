import { asObject, type JsonObject } from '../objects/reduce.ts';

/** A field that two recorded bodies of one object hold differently; the values are texts, shortened, and only where they may be shown. */
export type ChangedField = { readonly field: string; readonly from?: string; readonly to?: string };

/** Counted and stamped by the server with every write: that they differ says nothing. */
const NOISE =
  /^metadata\.(resourceVersion|generation|uid|annotations\.(deployment|endpoints)\.kubernetes\.io\/.*)$|^managers|observedGeneration$/;
const LONGEST_VALUE = 60;

/**
 * What differs between two bodies, the specification first, then the rest. A status follows from other changes, so it is only named
 * where nothing else differs. Never throws.
 */
export function changedFields(before: unknown, after: unknown, mayShowValues: boolean): readonly ChangedField[] {
  const all = differences('', before, after).filter(({ field }) => !NOISE.test(field));
  const own = all.filter(({ field }) => !field.startsWith('status.'));
  const fields = own.length > 0 ? own : all;
  const sorted = fields.toSorted((a, b) => rank(a.field) - rank(b.field) || (a.field < b.field ? -1 : 1));
  return sorted.map(({ field, from, to }) => (mayShowValues ? { field, from: text(from), to: text(to) } : { field }));
}

function rank(field: string): number {
  return field.startsWith('spec.') ? 0 : 1;
}

type Difference = { readonly field: string; readonly from: unknown; readonly to: unknown };

/** Lists are compared whole, since a position says little. */
function differences(field: string, from: unknown, to: unknown): readonly Difference[] {
  if (!isMap(from) || !isMap(to)) return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ field, from, to }];
  const [before, after] = [asObject(from), asObject(to)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    differences(field === '' ? name : `${field}.${name}`, own(before, name), own(after, name)),
  );
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  const whole = value === undefined ? 'nothing' : JSON.stringify(value);
  return whole.length > LONGEST_VALUE ? `${whole.slice(0, LONGEST_VALUE)}…` : whole;
}
