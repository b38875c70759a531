import { execFile, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { signalGroup } from '../process-record.ts';
import { waitForFileLock } from './file-lock.ts';
import { goEnvironment, type GoNeed } from './go-toolchain.ts';

const run = promisify(execFile);

/** Called whenever there is something to tell, at most a few times a second. */
export type BuildProgress = (text: string) => void;

/** What is built from one pinned Go module. */
export type GoBuild = {
  /** Used in sentences: "The control plane could not be built". */
  readonly name: string;
  /** Used when there is no fit Go. */
  readonly need: GoNeed;
  /** Has go.mod and go.sum. */
  readonly moduleFolder: string;
  readonly flags: readonly string[];
  /** Patterns of the main packages, as `go build` takes them. */
  readonly packages: readonly string[];
  /** The programs of a finished build that a folder lacks. */
  readonly missing: (folder: string) => readonly string[];
};

/**
 * Builds the programs of one module into `target`. They appear there all at once or not at all. Two builds never run at
 * once: the second waits, and finds the first one's result.
 * @throws Error with one sentence when Go is missing, too old, or the build fails.
 */
export async function buildWithGo(build: GoBuild, target: string, progress: BuildProgress): Promise<void> {
  const lock = await waitForFileLock(`${target}.lock`, progress);
  try {
    if (build.missing(target).length === 0) return;
    const env = await goEnvironment(process.env, build.need);
    const aside = `${target}.building`;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    await goBuild(build, aside, env, progress);
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    lock.release();
  }
}

async function goBuild(build: GoBuild, target: string, env: NodeJS.ProcessEnv, progress: BuildProgress): Promise<void> {
  progress('fetching the sources');
  const total = await countPackages(build, env);
  const child = spawn('go', ['build', '-v', ...build.flags, '-o', `${target}/`, ...build.packages], {
    cwd: build.moduleFolder,
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
        `${sentence(build.name)} could not be built (go build ended with ${String(code)}):\n${lines.join('\n')}`,
      );
  } finally {
    clearInterval(timer);
    process.removeListener('exit', endChild);
  }
}

async function countPackages(build: GoBuild, env: NodeJS.ProcessEnv): Promise<number> {
  const listed = await run('go', ['list', '-deps', ...build.packages], {
    cwd: build.moduleFolder,
    env,
    maxBuffer: 16_777_216,
  }).catch((error: unknown) => {
    const text = (error as { readonly stderr?: string }).stderr ?? String(error);
    throw new Error(
      `The sources of ${build.name} could not be fetched:\n${text.trim().split('\n').slice(-5).join('\n')}`,
    );
  });
  return listed.stdout.trim().split('\n').length;
}

function sentence(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
