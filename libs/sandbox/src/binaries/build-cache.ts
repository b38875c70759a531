import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
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

/** Names what a build for this platform is made of: the files of its module, relative to `folder`, and its flags. */
export function contentHash(folder: string, files: readonly string[], flags: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
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
