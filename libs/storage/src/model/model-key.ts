import { posix } from 'node:path';
import { z } from 'zod';

/** A model key, or the storage that it names, cannot be used. The message is one sentence; trying again does not help. */
export class ModelKeyError extends Error {
  override readonly name = 'ModelKeyError';
}

/** Absent, as Go writes it: left out or null. */
const absent = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => (value === null ? undefined : value));

const keySchema = z.looseObject({
  storage_key: absent(z.string()),
  storage_params: absent(z.record(z.string(), z.string())),
  /** Legacy: stands beside the parameters, not in them. */
  bucket: absent(z.string()),
  schema_path: absent(z.string()),
});

/** What the controller wrote; fields that are not named here are handed on as they are. */
export type ModelKey = {
  /** Empty texts count as absent. */
  readonly storageKey: string | undefined;
  readonly storageParams: Readonly<Record<string, string>>;
  readonly bucket: string | undefined;
  readonly schemaPath: string | undefined;
  readonly rest: Readonly<Record<string, unknown>>;
};

/** @throws ModelKeyError */
export function parseModelKey(text: string): ModelKey {
  const parsed = keySchema.safeParse(parseJson(text));
  if (!parsed.success) throw invalidKey(text);
  const { storage_key, storage_params, bucket, schema_path, ...rest } = parsed.data;
  return {
    storageKey: storage_key || undefined,
    storageParams: storage_params ?? {},
    bucket: bucket || undefined,
    schemaPath: schema_path || undefined,
    rest,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidKey(text);
  }
}

function invalidKey(text: string): ModelKeyError {
  return new ModelKeyError(`Invalid modelKey in LoadModelRequest. Error processing JSON '${text}'`);
}

/** The key for the runtime: nothing of the storage, the size always, paths of this machine. */
export function runtimeKey(
  key: ModelKey,
  local: { readonly schemaPath: string | undefined; readonly bytes: number },
): string {
  const schema = local.schemaPath === undefined ? {} : { schema_path: local.schemaPath };
  return JSON.stringify({ ...key.rest, disk_size_bytes: local.bytes, ...schema });
}

/** What the model and its schema are called in the model's folder. */
export function localNames(
  modelPath: string,
  schemaPath: string | undefined,
): { readonly model: string; readonly schema: string | undefined } {
  const last = lastElement(modelPath);
  const model = last === '.' || last === '/' ? '_model' : last;
  if (schemaPath === undefined) return { model, schema: undefined };
  const schema = lastElement(schemaPath);
  return { model, schema: schema === model ? '_schema.json' : schema };
}

/** As Go's path.Base: `.` of nothing, `/` of slashes only. */
function lastElement(path: string): string {
  if (path === '') return '.';
  return posix.basename(path) || '/';
}
