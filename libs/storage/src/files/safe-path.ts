import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError } from '../storage-error.ts';

const LONGEST_NAME = 255;

/** Whether a text can name one entry of a folder, and nothing else. */
export function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !name.includes('/') &&
    !name.includes('\0') &&
    Buffer.byteLength(name) <= LONGEST_NAME
  );
}

/**
 * The names of a relative path; empty and `.` ones are dropped, as the file system would.
 * @throws StorageError UnsafePath for `..` and whatever cannot be the name of a file. `what` is the subject of its sentence.
 */
export function safeSegments(path: string, what: string): readonly string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.every(isSafeName)) return segments;
  throw new StorageError('UnsafePath', `${what} cannot be a path below the model's folder`);
}

/**
 * Makes `base/segments…`, one folder after the other, and gives its path. `base` must exist.
 * @throws StorageError UnsafePath when one of them is there and is a link or a file: nothing is written through either.
 */
export async function makeFolders(base: string, segments: readonly string[]): Promise<string> {
  let folder = base;
  for (const segment of segments) {
    folder = join(folder, segment);
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      if (!(await lstat(folder)).isDirectory()) {
        throw new StorageError('UnsafePath', `'${segment}' in the model's folder is not a folder`);
      }
    });
  }
  return folder;
}
