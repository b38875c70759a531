import { z } from 'zod';
import type { Json, JsonObject } from '../objects/reduce.ts';
import { coreOf } from './layers.ts';
import { pathText, type Path } from './path-text.ts';
import { unknownKey } from './unknown-keys.ts';

type Schema = z.core.$ZodType;
export type Warn = (warning: string) => void;

/**
 * Gives known keys their own spelling, however they were written, and leaves out what was not given: unknown keys and nulls. Names of
 * labels and annotations stay as they are. Warns of what has another effect than it seems.
 */
export function canonicalizeKeys(given: Json, schema: Schema, path: Path, warn: Warn): Json {
  const core = coreOf(schema);
  if (core instanceof z.ZodArray) return spellItems(given, core.element, path, warn);
  if (core instanceof z.ZodRecord && Array.isArray(given))
    return given.map((map) => (isMap(map) ? spellNames(map, core.valueType, path, warn) : map));
  if (core instanceof z.ZodRecord && isMap(given)) return spellNames(given, core.valueType, path, warn);
  if (core instanceof z.ZodObject && isMap(given)) return spellFields(given, core.shape, path, warn);
  if (core instanceof z.ZodString) warnOfText(given, path, warn);
  return given;
}

function spellItems(given: Json, item: Schema, path: Path, warn: Warn): Json {
  if (!Array.isArray(given)) return isMap(given) ? canonicalizeKeys(given, item, [...path, 0], warn) : given;
  return given.filter(isGiven).map((entry: Json, i) => canonicalizeKeys(entry, item, [...path, i], warn));
}

function spellNames(given: JsonObject, value: Schema, path: Path, warn: Warn): JsonObject {
  const entries = Object.entries(given).filter(([, entry]) => isGiven(entry));
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, canonicalizeKeys(entry, value, [...path, name], warn)]),
  );
}

function spellFields(given: JsonObject, shape: Readonly<Record<string, Schema>>, path: Path, warn: Warn): JsonObject {
  const known = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  const seen = new Map<string, string>();
  const canonical: Record<string, Json> = {};
  for (const [name, value] of Object.entries(given)) {
    const key = known.get(name.toLowerCase());
    const schema = key === undefined ? undefined : shape[key];
    if (key === undefined || schema === undefined) {
      warn(`${pathText([...path, name])}: ${unknownKey(name, [...known.values()], pathText(path))}`);
    } else if (isGiven(value)) {
      const before = seen.get(key);
      if (before !== undefined)
        warn(`${pathText([...path, key])}: given twice, as ${before} and as ${name}; the last one counts`);
      seen.set(key, name);
      canonical[key] = canonicalizeKeys(value, schema, [...path, key], warn);
    }
  }
  return canonical;
}

/** YAML reads `y`, `on` and `1.10` as something else than text, and what it was is lost. */
function warnOfText(given: Json, path: Path, warn: Warn): void {
  if (typeof given === 'boolean')
    warn(`${pathText(path)}: ${given} is used as "${+given}"; put the text you mean in quotes`);
  if (typeof given === 'number' && !Number.isInteger(given))
    warn(`${pathText(path)}: a number is used as "${given}"; put it in quotes, or zeros at its end are lost`);
}

function isGiven(value: Json): boolean {
  return value !== null && value !== undefined;
}

export function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
