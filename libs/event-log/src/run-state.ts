import type { RunsSeen } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** @throws CallError */
export async function readRunState(redis: Redis, prefix: string, key: string): Promise<RunsSeen> {
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
