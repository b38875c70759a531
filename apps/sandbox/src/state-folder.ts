import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Where the sandbox of this clone keeps everything. */
export function stateFolder(): string {
  return join(ROOT, '.sandbox');
}
