import { z } from 'zod';
import { coreOf, layersOf } from './layers.ts';
import { meshConfigSchema } from './schema.ts';

type Schema = z.core.$ZodType;
/** One setting in words, for the page on configuration. */
export type ConfigField = {
  readonly path: string;
  readonly takes: string;
  /** The value that holds while the field is not given, or words where there is none. */
  readonly initial: { readonly value: unknown } | { readonly words: string };
  readonly effect: string;
};

/** Every setting of the schema, in its order; `[]` is each item of a list. */
export function configFields(): readonly ConfigField[] {
  return fieldsIn(meshConfigSchema, '');
}

function fieldsIn(schema: Schema, inside: string): readonly ConfigField[] {
  const core = coreOf(schema);
  if (!(core instanceof z.ZodObject)) return [];
  return Object.entries(core.shape as Readonly<Record<string, Schema>>).flatMap(([name, field]) => {
    const path = inside === '' ? name : `${inside}.${name}`;
    const inner = coreOf(field);
    if (inner instanceof z.ZodObject) return fieldsIn(field, path);
    const items = inner instanceof z.ZodArray ? fieldsIn(inner.element, `${path}[]`) : [];
    return [fieldOf(field, path), ...items];
  });
}

function fieldOf(schema: Schema, path: string): ConfigField {
  const layers = layersOf(schema);
  const takes = said(layers, 'takes') ?? '';
  const effect = said(layers, 'description') ?? '';
  const fallback = layers.find((layer) => layer instanceof z.ZodDefault);
  if (fallback === undefined) return { path, takes, initial: { words: said(layers, 'unset') ?? 'required' }, effect };
  return { path, takes, initial: { value: fallback.def.defaultValue }, effect };
}

/** A word of a schema's metadata; the outermost layer that has it decides. */
function said(layers: readonly Schema[], word: string): string | undefined {
  const found = layers.map((layer) => z.globalRegistry.get(layer)?.[word]);
  return found.find((value) => typeof value === 'string');
}
