import { execFile } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildCache, contentHash } from '../binaries/build-cache.ts';
import { waitForFileLock } from '../binaries/file-lock.ts';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '..', '..', 'mlserver');
const REQUIREMENTS = 'requirements.txt';
/** Written last. */
const COMPLETE = 'complete';

/**
 * A virtual environment with MLServer and scikit-learn: made once, from PyPI, which takes half a minute, and kept in
 * `~/.cache/meshkeeper/mlserver/<hash>`. Gives its folder.
 * @throws Error with one sentence when there is no Python that can make one, or a package cannot be had
 */
export async function ensureMlserver(progress: (text: string) => void = () => {}): Promise<string> {
  const folder = buildCache(process.env, 'mlserver', contentHash(FOLDER, []));
  if (existsSync(join(folder, COMPLETE))) return folder;
  const lock = await waitForFileLock(`${folder}.lock`, (pid) =>
    progress(`waiting for process ${pid}, which installs it`),
  );
  try {
    if (!existsSync(join(folder, COMPLETE))) await install(folder, progress);
    return folder;
  } finally {
    lock.release();
  }
}

/** Made where it stays: the programs of a virtual environment know its path. */
async function install(folder: string, progress: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  progress('making a virtual environment');
  await run('python3', ['-m', 'venv', folder]).catch((error: unknown) => {
    throw new Error(
      `MLServer needs a Python that can make virtual environments (python3 -m venv): ${reasonOf(error)}`,
      { cause: error },
    );
  });
  progress('installing MLServer from PyPI');
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--requirement', join(FOLDER, REQUIREMENTS)];
  await run(join(folder, 'bin', 'pip'), pip, { maxBuffer: 16_777_216 }).catch((error: unknown) => {
    throw new Error(`MLServer could not be installed: ${reasonOf(error)}`, { cause: error });
  });
  writeFileSync(join(folder, `${COMPLETE}.new`), '');
  renameSync(join(folder, `${COMPLETE}.new`), join(folder, COMPLETE));
}

function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { readonly stderr?: string };
  return stderr.trim().split('\n').at(-1) || message;
}
