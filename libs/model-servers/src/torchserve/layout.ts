import { link, isFolder } from '../layout/model-files.ts';
import type { LocalModel } from '../adapter/model-server.ts';

/** The name of a model's archive in the store; each id has one of its own. */
export function archiveName(id: string): string {
  return `${id.replaceAll('\\', String.raw`\\`).replaceAll('/', String.raw`\_`)}.mar`;
}

/** A model is one archive. @throws Error for a folder */
export async function layOutForTorchserve({ path }: LocalModel, target: string): Promise<void> {
  if (await isFolder(path)) throw new Error(`Model path is a directory, must be a MAR file: ${path}`);
  await link(path, target);
}
