import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

/**
 * Notes which processes a folder's sandbox runs, so that the next start can end what a killed one left behind.
 * A process id alone may have been given to a stranger since; so the command line and the start time are kept too.
 */
export type ProcessRecord = { readonly pid: number; readonly identity: string };

/** Start time and command line of a process; undefined when there is none. */
export function processIdentity(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
  } catch {
    return undefined;
  }
}

function identityFromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold spaces; the state follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  return `${fields[19]} ${command}`;
}

function identityFromPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-ww', '-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return line === '' ? undefined : line;
}

/**
 * Whether a recorded process still holds anything. Its first thread may be gone (a zombie, without a command line) while
 * others are still closing files and ports.
 */
function isAlive(record: ProcessRecord): boolean {
  const identity = processIdentity(record.pid);
  if (identity !== undefined || process.platform !== 'linux') return identity === record.identity;
  try {
    return readdirSync(`/proc/${record.pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** Writes the record of a process that just started. */
export function recordProcess(folder: string, pid: number): void {
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  mkdirSync(folder, { recursive: true });
  const record: ProcessRecord = { pid, identity };
  writeFileSync(join(folder, `${pid}.json`), JSON.stringify(record));
}

export function forgetProcess(folder: string, pid: number): void {
  rmSync(join(folder, `${pid}.json`), { force: true });
}

/** Short: what they worked with was killed, so there is little left to bring to an end. */
const LEFTOVER_GRACE_MS = 1_000;

/**
 * Ends what is still running of the processes recorded in `folder`, and empties it.
 * @returns the process ids that had to be ended.
 */
export async function stopLeftovers(folder: string): Promise<readonly number[]> {
  const alive = readRecords(folder).filter((record) => processIdentity(record.pid) === record.identity);
  for (const record of alive) signalGroup(record.pid, 'SIGTERM');
  const gone = (): boolean => !alive.some(isAlive);
  await waitFor(gone, { timeoutMs: LEFTOVER_GRACE_MS, what: 'leftover processes to end' }).catch(() => {
    for (const record of alive) signalGroup(record.pid, 'SIGKILL');
  });
  await waitFor(gone, { timeoutMs: 5_000, what: 'leftover processes to end after SIGKILL' });
  rmSync(folder, { recursive: true, force: true });
  return alive.map((record) => record.pid);
}

function readRecords(folder: string): readonly ProcessRecord[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessRecord];
    } catch {
      return []; // half written by a process that was killed at that moment
    }
  });
}

/** Sends a signal to a process started as leader of its own group, and to its children. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // no such group or process: it is gone already
    }
  }
}
