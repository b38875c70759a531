import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });
const schemaFile = z.object({ inputs: z.array(tensor).optional(), outputs: z.array(tensor).optional() });

/** What a model's user says of its tensors: a part of the V2 metadata. */
export type Schema = z.output<typeof schemaFile>;
export type SchemaTensor = z.output<typeof tensor>;

/** @throws Error with one sentence that names the field */
export function parseSchema(text: string): Schema {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new Error(`The schema file is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = schemaFile.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`The schema file is wrong at '${issue?.path.join('.')}': ${issue?.message}`);
}

/** @throws Error naming the file, or what is wrong in it */
export async function readSchema(file: string): Promise<Schema> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`The schema file could not be read: ${(error as Error).message}`, { cause: error });
  });
  return parseSchema(text);
}
