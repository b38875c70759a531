import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../process-record.ts';

export type FileLock = { release(): void };

type Owner = { readonly pid: number; readonly identity: string };

/**
 * Takes a lock file for this process. The lock of a process that is gone is taken over.
 * @returns the lock, or the process id of the one that holds it.
 */
export function tryFileLock(file: string): FileLock | { readonly heldBy: number } {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (createWhole(file)) return { release: () => rmSync(file, { force: true }) };
    const owner = readOwner(file);
    if (owner !== undefined && processIdentity(owner.pid) === owner.identity) return { heldBy: owner.pid };
    rmSync(file, { force: true });
  }
  return { heldBy: readOwner(file)?.pid ?? 0 };
}

/** Takes the lock as soon as it is free. `onHeld` receives the id of the process that holds it, once a second. */
export async function waitForFileLock(file: string, onHeld: (pid: number) => void): Promise<FileLock> {
  for (;;) {
    const lock = tryFileLock(file);
    if ('release' in lock) return lock;
    onHeld(lock.heldBy);
    await sleep(1_000);
  }
}

/** Written aside and then linked: another process never sees a half-written lock. */
function createWhole(file: string): boolean {
  const own: Owner = { pid: process.pid, identity: processIdentity(process.pid) ?? '' };
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(own));
  try {
    linkSync(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}
