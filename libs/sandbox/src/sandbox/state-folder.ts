import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryFileLock, type FileLock } from '../binaries/file-lock.ts';
import { stopLeftovers } from '../process-record.ts';
import type { SandboxPorts } from './ports.ts';

/** What one life of a sandbox passes to the next, and to the shell. */
export type SandboxState = {
  /** Second octet of its range of pod addresses. */
  readonly second?: number;
  /** Folder of kubectl. */
  readonly binaries?: string;
  /** Where it is reached, or was. */
  readonly ports?: SandboxPorts;
  /** Digest of the manifests that were applied last. */
  readonly manifests?: string;
};

export type StatePaths = {
  readonly folder: string;
  readonly lock: string;
  readonly state: string;
  readonly records: string;
  readonly logs: string;
  readonly kubernetes: string;
  readonly mesh: string;
  readonly redis: string;
  /** A folder for each bucket. */
  readonly objectStore: string;
  readonly accounts: string;
  /** The webhook's certificate and key. */
  readonly webhook: string;
  /** An administrator's, for the user's shell. */
  readonly kubeconfig: string;
};

export function statePaths(folder: string): StatePaths {
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    lock: at('lock'),
    state: at('state.json'),
    records: at('processes'),
    logs: at('logs'),
    kubernetes: at('kubernetes'),
    mesh: at('mesh'),
    redis: at('redis'),
    objectStore: at('object-store'),
    accounts: at('accounts'),
    webhook: at('webhook'),
    kubeconfig: at('kubeconfig'),
  };
}

/**
 * Takes the folder for this process, ends what a killed life left running, and empties it when `fresh`.
 * @throws Error with one sentence when another sandbox runs there.
 */
export async function claimStateFolder(paths: StatePaths, fresh: boolean): Promise<FileLock> {
  mkdirSync(paths.folder, { recursive: true });
  const lock = tryFileLock(paths.lock);
  if ('heldBy' in lock) {
    throw new Error(
      `A sandbox already runs in ${paths.folder} (process ${lock.heldBy}): npm run env shows how to reach it, and npm start -- --state DIR starts another one beside it.`,
    );
  }
  try {
    await stopLeftovers(paths.records);
    if (fresh) emptyFolder(paths.folder);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The lock is ours; what runs against other clusters from here is no part of this one. */
const KEPT = ['lock', 'contexts'];

function emptyFolder(folder: string): void {
  for (const name of readdirSync(folder))
    if (!KEPT.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
}

/** What the last life wrote; nothing when there was none. */
export function readState(file: string): SandboxState {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SandboxState;
  } catch {
    return {};
  }
}

export function writeState(file: string, state: SandboxState): void {
  writeFileSync(`${file}.new`, JSON.stringify(state, undefined, 2));
  renameSync(`${file}.new`, file);
}
