import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerError, Status } from 'nice-grpc-common';

/** A model as it lies on the disk: `file` is what ONNX Runtime loads, and `bytes` what it may take with it. */
export type ModelFile = { readonly file: string; readonly bytes: number };

const FILE_NAME = 'model.onnx';
const EXTENSION = '.onnx';

/**
 * The model at `path`: a file, or a folder with `model.onnx` or exactly one `.onnx` file in it, or one whose folders are all whole
 * numbers, of which the largest
 * one counts. @throws ServerError INVALID_ARGUMENT that names the path and what is wrong with it
 */
export async function findModelFile(path: string): Promise<ModelFile> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { file: path, bytes: found.size };
    const folder = await versionFolder(path);
    return { file: join(folder, await onlyModel(folder)), bytes: await bytesBelow(folder) };
  } catch (error) {
    if (error instanceof ServerError) throw error;
    throw unfit(path, reasonOf(error));
  }
}

async function versionFolder(path: string): Promise<string> {
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const hasModel = entries.some((entry) => !entry.isDirectory() && entry.name.endsWith(EXTENSION));
  const areVersions = folders.length > 0 && folders.every((name) => /^\d+$/.test(name));
  if (hasModel || !areVersions) return path;
  return join(
    path,
    folders.reduce((most, name) => (Number(name) > Number(most) ? name : most)),
  );
}

async function onlyModel(folder: string): Promise<string> {
  const models = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).sort();
  if (models.includes(FILE_NAME)) return FILE_NAME;
  const [first, ...others] = models;
  if (first === undefined) throw unfit(folder, 'there is no .onnx file in it');
  if (others.length > 0)
    throw unfit(folder, `there are several .onnx files in it, and none is ${FILE_NAME}: ${models.join(', ')}`);
  return first;
}

/** Weights may lie in files beside the model. */
async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name));
      return found.isDirectory() ? 0 : found.size;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @throws ServerError INVALID_ARGUMENT when there is no such text */
export async function readSchemaFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unfit(path, reasonOf(error));
  }
}

function unfit(path: string, reason: string): ServerError {
  return new ServerError(Status.INVALID_ARGUMENT, `Failed to load ONNX model: ${path}: ${reason}`);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : message;
}
