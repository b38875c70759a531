import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OLDEST_REDIS_MAJOR, parseRedisVersion } from './redis-version.ts';

const run = promisify(execFile);
const INSTALL = 'apt-get update && apt-get install -y redis-server';

/**
 * The name of a Redis server that can be started, version 7 or newer. Root on a system with apt gets it installed.
 * @throws Error with one sentence that has the command to run.
 */
export async function ensureRedis(progress: (text: string) => void = () => {}): Promise<string> {
  const present = await redisVersion();
  if (present === undefined) {
    if (process.getuid?.() !== 0) throw new Error(`Redis is missing: run  sudo sh -c '${INSTALL}'  and start again.`);
    progress('installing it with apt');
    await installRedis();
  }
  const version = present ?? (await redisVersion());
  if (version === undefined) throw new Error(`Redis was installed, but there is still no redis-server on the PATH.`);
  if (version.major < OLDEST_REDIS_MAJOR) {
    throw new Error(
      `The redis-server on the PATH is version ${version.text}; install version ${OLDEST_REDIS_MAJOR} or newer.`,
    );
  }
  return 'redis-server';
}

async function redisVersion(): Promise<ReturnType<typeof parseRedisVersion>> {
  try {
    return parseRedisVersion((await run('redis-server', ['--version'])).stdout);
  } catch {
    return undefined;
  }
}

async function installRedis(): Promise<void> {
  // RUNLEVEL keeps Debian from starting the service that comes with the package: the sandbox runs its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], { env });
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const text = stderr.trim().split('\n').at(-1) || message;
    throw new Error(`Redis is missing and could not be installed (${text}): run  ${INSTALL}  and start again.`, {
      cause: error,
    });
  }
}
