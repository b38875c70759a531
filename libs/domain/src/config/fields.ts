/**
 * The kinds of field that the configuration is made of. Each reads loosely and refuses in the same words: the value, what it is not,
 * what to give. What it takes is in its metadata, for docs/configuration.md.
 */
import { z } from 'zod';
import { canonicalQuantity, parseQuantity } from '../objects/quantity.ts';
import { toBoolean, toList, toMap, toText, toWhole } from './coerce.ts';

const SHOWN_LENGTH = 60;

/** Maps and lists are named, not printed: they may be deep, and hold more than the mistake. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value);
}

type Refusal = { readonly error: (issue: { input?: unknown }) => string };

/** Says of a value what it is not, and what to give instead. */
export function refusal(isNot: string, give: string): Refusal {
  const found = (input: unknown): string => (input === undefined ? 'is missing' : `${shown(input)} is not ${isNot}`);
  return { error: ({ input }) => `${found(input)}; give ${give}` };
}

export function whole(what: string, min: number, max: number, allowed = `${min} to ${max}`) {
  const refused = refusal(what, allowed);
  const number = z.number(refused).refine((value) => value >= min && value <= max, refused);
  return z.preprocess(toWhole, number).meta({ takes: `${what.replace(/^an? /, '')}, ${allowed}` });
}

export function port() {
  return whole('a port', 1, 65_535);
}

/** A port that one may do without. */
export function portOrNone() {
  return whole('a port', 0, 65_535, '1 to 65535, or 0 for none');
}

export function flag() {
  return z.preprocess(toBoolean, z.boolean(refusal('a switch', 'true or false'))).meta({ takes: 'true or false' });
}

export function text() {
  return z.preprocess(toText, z.string(refusal('text', 'text or a number'))).meta({ takes: 'text' });
}

/** A text that must be of some kind. */
export function textLike(takes: string, fits: (text: string) => boolean, refused: Refusal) {
  return z.preprocess(toText, z.string(refused).refine(fits, refused)).meta({ takes });
}

export function quantity() {
  const refused = refusal('a quantity', 'one of Kubernetes, such as 500m or 1Gi, and not less than 0');
  const fits = (text: string): boolean => (parseQuantity(text)?.nanos ?? -1n) >= 0n;
  const given = z.preprocess(toText, z.string(refused).refine(fits, refused));
  return given.transform((text) => canonicalQuantity(text) ?? text).meta({ takes: 'quantity' });
}

/** One of a few words. */
export function oneOf<const Word extends string>(what: string, words: readonly Word[]) {
  const allowed = words.join(' or ');
  return z.preprocess(toText, z.enum(words, refusal(what, allowed))).meta({ takes: allowed });
}

export function list<Item extends z.ZodType>(item: Item, takes: string) {
  return z.preprocess(toList, z.array(item)).meta({ takes });
}

export function textMap() {
  const refused = refusal('a map', 'names with their texts');
  return z.preprocess(toMap, z.record(z.string(), text(), refused)).meta({ takes: 'map of texts' });
}

/** Settings that belong together. */
export function group<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape, refusal('a map', `its settings by name: ${Object.keys(shape).join(', ')}`));
}

/** An image as it was given, since a tag alone means that the default's digest is not wanted. */
export function imageFields(of: string) {
  return {
    name: byRevision(text(), `Image of ${of}, without tag and digest.`),
    tag: byRevision(text(), "Its tag. Without a digest beside it, it takes the place of a default's digest too."),
    digest: byRevision(text(), 'Its digest, which goes before the tag. Empty: none, not even a default.'),
  };
}

/** The CPU and memory of a container, as far as they were given. */
export function resources(of: string) {
  const part = (word: string) =>
    group({
      cpu: byRevision(quantity(), `CPU that ${of} ${word}.`),
      memory: byRevision(quantity(), `Memory that ${of} ${word}.`),
    }).exactOptional();
  return group({ requests: part('requests'), limits: part('may use at most') }).prefault({});
}

export function byRevision<Field extends z.ZodType>(field: Field, effect: string): z.ZodExactOptional<Field> {
  return field.exactOptional().meta({ unset: 'by rendering revision', description: effect });
}
