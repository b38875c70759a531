import { stringifyLossless, parseLossless, toBigInt, toSafeInteger } from './lossless-json.ts';

/** Properties that we do not know, as they were read; written back behind ours. */
export type Extra = Readonly<Record<string, unknown>>;

export type Parsed<R> =
  | { readonly kind: 'record'; readonly record: R }
  /** `reason` is one sentence without a value of the record. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** How one property is read and distinguished from its default. `read` gives undefined for a value of the wrong shape. */
export type Field<T> = {
  readonly fallback: T;
  read(value: unknown): T | undefined;
  isDefault(value: T): boolean;
  /** Written whatever its value. */
  readonly always?: boolean;
};

/** The fields of a record, in the order in which they are written. */
export type Fields<R> = { readonly [K in Exclude<keyof R, 'extra'>]: Field<R[K]> };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapField<T>(readItem: (value: unknown) => T | undefined): Field<Readonly<Record<string, T>>> {
  return {
    fallback: {},
    read: (value) => {
      if (!isObject(value)) return undefined;
      const items = Object.entries(value).map(([key, item]) => [key, readItem(item)] as const);
      return items.some(([, item]) => item === undefined)
        ? undefined
        : (Object.fromEntries(items) as Record<string, T>);
    },
    isDefault: (value) => Object.keys(value).length === 0,
  };
}

export const text: Field<string> = {
  fallback: '',
  read: (value) => (typeof value === 'string' ? value : undefined),
  isDefault: (value) => value === '',
};

export const flag: Field<boolean> = {
  fallback: false,
  read: (value) => (typeof value === 'boolean' ? value : undefined),
  isDefault: (value) => !value,
};

/** An integer in JavaScript's safe range. */
export const integer: Field<number> = { fallback: 0, read: toSafeInteger, isDefault: (value) => value === 0 };

/** A Java long. */
export const long: Field<bigint> = { fallback: 0n, read: toBigInt, isDefault: (value) => value === 0n };

export const texts: Field<readonly string[]> = {
  fallback: [],
  read: (value) => (Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined),
  isDefault: (value) => value.length === 0,
};

export const times: Field<Readonly<Record<string, number>>> = mapField(toSafeInteger);

/** Objects kept whole, with a `msg` that may be absent. */
export const failures: Field<Readonly<Record<string, { readonly msg?: string }>>> = mapField((value) =>
  isObject(value) && (value['msg'] === undefined || value['msg'] === null || typeof value['msg'] === 'string')
    ? (value as { readonly msg?: string })
    : undefined,
);

/** Never throws: what is no such record is `malformed`. */
export function decodeRecord<R extends { readonly extra: Extra }>(fields: Fields<R>, json: string): Parsed<R> {
  let value: unknown;
  try {
    value = parseLossless(json);
  } catch {
    return { kind: 'malformed', reason: 'It is not JSON' };
  }
  if (!isObject(value)) return { kind: 'malformed', reason: 'It is no JSON object' };
  const known = new Map<string, unknown>();
  for (const [name, field] of Object.entries<Field<unknown>>(fields)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const read = given === undefined || given === null ? field.fallback : field.read(given);
    if (read === undefined) return { kind: 'malformed', reason: `Its property ${name} has the wrong type` };
    known.set(name, read);
  }
  const extra = Object.fromEntries(Object.entries(value).filter(([name]) => !known.has(name)));
  return { kind: 'record', record: { ...Object.fromEntries(known), extra } as unknown as R };
}

/** The text that the Java mesh would write: fields in order, defaults left out, unknown properties last. */
export function encodeRecord<R extends { readonly extra: Extra }>(fields: Fields<R>, record: R): string {
  const written = Object.entries<Field<unknown>>(fields)
    .map(([name, field]) => ({ name, field, value: (record as Record<string, unknown>)[name] }))
    .filter(({ field, value }) => field.always === true || !field.isDefault(value))
    .map(({ name, value }) => [name, value] as const);
  const properties = [...written, ...Object.entries(record.extra)];
  return `{${properties.map(([name, value]) => `${JSON.stringify(name)}:${stringifyLossless(value)}`).join(',')}}`;
}
