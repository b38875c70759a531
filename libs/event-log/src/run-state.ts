import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** How it stands with a work key's runs. */
export type RunState = {
  /** How many runs began; the number of the latest. 0 for a key that nobody remembers. */
  readonly runs: number;
  readonly isRunning: boolean;
  /** When it runs next, epoch ms; past for one that waits in the queue, undefined when only a change would make it run. */
  readonly nextRunAt: number | undefined;
  /** When the oldest change came that no finished run has seen, epoch ms. */
  readonly waitingSince: number | undefined;
  /** Failed runs in a row, and why the last one failed. */
  readonly failures: number;
  readonly lastError: string;
};

export async function readRunState(redis: Redis, prefix: string, key: string): Promise<RunState> {
  const keys = redisKeys(prefix);
  try {
    const [fields, due] = await Promise.all([
      redis.hmget(keys.key(key), 'q', 'r', 't', 'f', 'e'),
      redis.zscore(keys.due, key),
    ]);
    const [runs, running, marked, failures, error] = fields;
    return {
      runs: Number(runs ?? 0),
      isRunning: typeof running === 'string',
      nextRunAt: due === null ? undefined : Number(due),
      waitingSince: typeof marked === 'string' ? Number(marked) : undefined,
      failures: Number(failures ?? 0),
      lastError: error ?? '',
    };
  } catch (error) {
    throw redisError(error);
  }
}
