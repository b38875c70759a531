import { z } from 'zod';

/** A schema and all that it wraps, the outermost first: defaults and the loose reading stand around what a field is. */
export function layersOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const inside = wrapped(schema);
  return inside === undefined ? [schema] : [schema, ...layersOf(inside)];
}

/** What a field is, without its wrappers. */
export function coreOf(schema: z.core.$ZodType): z.core.$ZodType {
  const inside = wrapped(schema);
  return inside === undefined ? schema : coreOf(inside);
}

function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodPipe) return schema.out;
  const wraps =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional;
  return wraps ? schema.unwrap() : undefined;
}
