import { z } from 'zod';

const key = z.object({
  model_type: z.union([z.string(), z.object({ name: z.string() })]).optional(),
  schema_path: z.string('schema_path must be a string').optional(),
  disk_size_bytes: z.number().optional(),
});

/** What the puller says of a model. */
export type ModelKey = {
  /** Lower-cased, without what follows a colon. */
  readonly type: string;
  /** Absolute. */
  readonly schemaPath: string | undefined;
  readonly diskBytes: number | undefined;
};

/** Reads the key; `modelType` is the default of a missing type. @throws Error naming what is wrong */
export function parseModelKey(text: string, modelType: string): ModelKey {
  const parsed = key.safeParse(toJson(text));
  if (!parsed.success) throw new Error(`The model key is wrong: ${parsed.error.issues[0]?.message}`);
  const { model_type: given = modelType, schema_path: schemaPath, disk_size_bytes: diskBytes } = parsed.data;
  const name = typeof given === 'string' ? given : given.name;
  return { type: name.toLowerCase().split(':')[0] ?? '', schemaPath, diskBytes };
}

function toJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new Error(`The model key is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes of memory that a model of this size on disk is taken to need. */
export function sizeFromDisk(bytes: number | undefined, multiplier: number, fallback: number): number {
  return bytes === undefined || bytes <= 0 ? fallback : Math.trunc(bytes * multiplier);
}
