import { mkdir, rm } from 'node:fs/promises';

/** An empty folder in the place of whatever was there. A link in its place, or in it, is removed and not followed. */
export async function clearFolder(folder: string): Promise<void> {
  await removeFolder(folder);
  await mkdir(folder, { recursive: true });
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
