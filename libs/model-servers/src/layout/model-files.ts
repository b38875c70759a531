import { mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A schema file that lies in the model's folder is no part of the model. */
const SCHEMA_NAME = '_schema.json';

export type Entry = { readonly name: string; readonly isFolder: boolean };

/** What a folder holds, sorted, links followed. */
export async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const names = (await readdir(folder)).filter((name) => name !== SCHEMA_NAME).sort();
  return Promise.all(names.map(async (name) => ({ name, isFolder: (await stat(join(folder, name))).isDirectory() })));
}

/** @throws Error in the words of the original */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Error(`Error calling stat on model file: ${(error as Error).message}`, { cause: error });
  });
  return found.isDirectory();
}

/** Makes `path` a link to `target`, and the folders above it. */
export async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

/** Links what is in `source` into `folder`, but for the names left out. */
export async function linkAll(source: string, folder: string, without: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(source)).filter((name) => name !== without);
  await Promise.all(names.map((name) => symlink(join(source, name), join(folder, name))));
}

/** Removes what is in a folder, and makes it where it is not there. */
export async function emptyFolder(folder: string, keep: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => !keep.includes(name));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
