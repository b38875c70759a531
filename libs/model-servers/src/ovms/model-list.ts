import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** The models that the server is to serve, by id; each with its folder. */
export type ModelList = ReadonlyMap<string, string>;

const file = z.object({
  model_config_list: z.array(z.object({ config: z.object({ name: z.string(), base_path: z.string() }) })),
});

export function modelListText(models: ModelList): string {
  const list = [...models].map(([name, folder]) => ({ config: { name, base_path: folder } }));
  return JSON.stringify({ model_config_list: list });
}

/** What an earlier life wrote; empty where there is no such file, or one that cannot be read. */
export function readModelList(path: string): ModelList {
  try {
    const { model_config_list: list } = file.parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Map(list.map(({ config }) => [config.name, config.base_path]));
  } catch {
    return new Map();
  }
}

/** The server never sees half a list. */
export async function writeModelList(path: string, models: ModelList): Promise<void> {
  await writeFile(`${path}.new`, modelListText(models), { mode: 0o644 });
  await rename(`${path}.new`, path);
}
