import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `~/.cache/meshkeeper/<name>/<hash>`, below XDG_CACHE_HOME where that is set. */
export function buildCache(env: Readonly<Record<string, string | undefined>>, name: string, hash: string): string {
  const base =
    env['XDG_CACHE_HOME'] === undefined || env['XDG_CACHE_HOME'] === ''
      ? join(homedir(), '.cache')
      : env['XDG_CACHE_HOME'];
  return join(base, 'meshkeeper', name, hash);
}

/** Names what a build for this platform is made of: all files of `folder`, and the flags. */
export function contentHash(folder: string, flags: readonly string[]): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(`${file.slice(folder.length + 1)}\0`).update(readFileSync(file));
  hash.update(JSON.stringify([flags, process.platform, process.arch]));
  return hash.digest('hex').slice(0, 16);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
