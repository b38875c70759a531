import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { signalGroup } from '../process-record.ts';
import { createBuildEstimate } from './build-estimate.ts';
import { waitForFileLock } from './file-lock.ts';
import { listPackages, type GoPackage } from './go-packages.ts';
import { goEnvironment, type GoNeed } from './go-toolchain.ts';

/** Called whenever there is something to report, at most a few times a second. */
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

/** No package describes itself to debuggers, which takes a tenth of the time to compile and is not linked in the end. */
export const COMMON_FLAGS: readonly string[] = ['-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false'];

/**
 * Builds the programs of one module into `target`. They appear there all together or not at all. Two builds never run concurrently: the
 * second waits, reports the progress of the first, and finds its result.
 * @throws Error with one sentence when Go is missing, too old, or the build fails.
 */
export async function buildWithGo(build: GoBuild, target: string, progress: BuildProgress): Promise<void> {
  const published = `${target}.progress`;
  const lock = await waitForFileLock(`${target}.lock`, (pid) => progress(publishedBy(pid, published)));
  try {
    if (build.missing(target).length === 0) return;
    const env = await goEnvironment(process.env, build.need);
    const aside = `${target}.building`;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    await goBuild(build, aside, env, (text) => {
      writeFileSync(`${published}.new`, text);
      renameSync(`${published}.new`, published);
      progress(text);
    });
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
  } finally {
    rmSync(published, { force: true });
    lock.release();
  }
}

/** What the process that builds reported last. */
function publishedBy(pid: number, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return `waiting for process ${pid}, which builds it`;
  }
}

async function goBuild(build: GoBuild, target: string, env: NodeJS.ProcessEnv, progress: BuildProgress): Promise<void> {
  progress('fetching the sources');
  const estimate = createBuildEstimate(await packagesOf(build, env), () => performance.now());
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
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 20) lines.shift();
    estimate.begin(line);
  });
  const timer = setInterval(() => progress(estimate.text()), 500);
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

async function packagesOf(build: GoBuild, env: NodeJS.ProcessEnv): Promise<readonly GoPackage[]> {
  return listPackages(build.packages, build.moduleFolder, env).catch((error: unknown) => {
    const text = (error as { readonly stderr?: string }).stderr ?? String(error);
    throw new Error(
      `The sources of ${build.name} could not be fetched:\n${text.trim().split('\n').slice(-5).join('\n')}`,
    );
  });
}

function sentence(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
