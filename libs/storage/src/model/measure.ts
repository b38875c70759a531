import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A tree with more entries is not a model; a link may lead to a whole disk. */
const MOST_ENTRIES = 1_000_000;

/** Bytes of a file, or of all files below a folder; links are followed, and a folder reached twice counts once. */
export async function measure(path: string): Promise<number> {
  const seen = new Set<string>();
  const waiting = [path];
  let bytes = 0;
  for (let entries = 0, next = waiting.pop(); next !== undefined; entries += 1, next = waiting.pop()) {
    if (entries > MOST_ENTRIES) throw new Error('The model has too many files to be measured');
    const found = await stat(next);
    if (!found.isDirectory()) bytes += found.size;
    else if (isNew(seen, `${found.dev}:${found.ino}`)) waiting.push(...(await children(next)));
  }
  return bytes;
}

function isNew(seen: Set<string>, identity: string): boolean {
  if (seen.has(identity)) return false;
  seen.add(identity);
  return true;
}

async function children(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) names.push(join(folder, name));
  return names;
}
