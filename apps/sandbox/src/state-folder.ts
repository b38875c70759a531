import { join, resolve } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Where a sandbox keeps everything, which is also its identity: `.sandbox` of this clone, or the folder that was given. */
export function stateFolder(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  // npm runs its scripts at the root, wherever it was called.
  return given === undefined ? join(ROOT, '.sandbox') : resolve(env['INIT_CWD'] ?? '.', given);
}

/** The end of a command that concerns the sandbox of a state folder; empty for that of this clone. */
export function stateArguments(folder: string): string {
  return folder === stateFolder(undefined) ? '' : ` -- --state ${/^[\w./-]+$/.test(folder) ? folder : `'${folder}'`}`;
}
