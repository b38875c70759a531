import { execFile, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { signalGroup } from '../process-record.ts';
import { tryFileLock, type FileLock } from './file-lock.ts';
import { goEnvironment } from './go-toolchain.ts';
import { BUILD_FLAGS, missingBuilt, MODULE_FOLDER } from './paths.ts';

const run = promisify(execFile);

/** Called whenever there is something to tell, at most a few times a second. */
export type BuildProgress = (text: string) => void;

/**
 * Builds etcd, kube-apiserver, kube-controller-manager and kubectl into `target`. They appear there all at once or not at
 * all. Two builds never run at once: the second waits, and finds the first one's result.
 * @throws Error with one sentence when Go is missing, too old, or the build fails.
 */
export async function buildControlPlane(target: string, progress: BuildProgress): Promise<void> {
  const lock = await takeLock(`${target}.lock`, progress);
  try {
    if (missingBuilt(target).length === 0) return;
    const env = await goEnvironment(process.env);
    const aside = `${target}.building`;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    await goBuild(aside, env, progress);
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    lock.release();
  }
}

async function takeLock(file: string, progress: BuildProgress): Promise<FileLock> {
  for (;;) {
    const lock = tryFileLock(file);
    if ('release' in lock) return lock;
    progress(`waiting for the build of process ${lock.heldBy}`);
    await sleep(1_000);
  }
}

async function goBuild(target: string, env: NodeJS.ProcessEnv, progress: BuildProgress): Promise<void> {
  progress('fetching the sources');
  const total = await countPackages(env);
  const child = spawn('go', ['build', '-v', ...BUILD_FLAGS, '-o', `${target}/`, './cmd/...'], {
    cwd: MODULE_FOLDER,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // with its compilers it is one group, which can be ended as a whole
  });
  const endChild = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  process.once('exit', endChild);
  const lines: string[] = [];
  let last = 'starting';
  let done = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 20) lines.shift();
    if (line.startsWith('go: ')) return;
    done += 1;
    last = line;
  });
  // Packages of an earlier build are not named again, so the count may end below the total.
  const timer = setInterval(() => progress(`compiled ${done} of at most ${total} packages, ${last}`), 500);
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0)
      throw new Error(
        `The control plane could not be built (go build ended with ${String(code)}):\n${lines.join('\n')}`,
      );
  } finally {
    clearInterval(timer);
    process.removeListener('exit', endChild);
  }
}

async function countPackages(env: NodeJS.ProcessEnv): Promise<number> {
  const listed = await run('go', ['list', '-deps', './cmd/...'], {
    cwd: MODULE_FOLDER,
    env,
    maxBuffer: 16_777_216,
  }).catch((error: unknown) => {
    const text = (error as { readonly stderr?: string }).stderr ?? String(error);
    throw new Error(
      `The sources of the control plane could not be fetched:\n${text.trim().split('\n').slice(-5).join('\n')}`,
    );
  });
  return listed.stdout.trim().split('\n').length;
}
