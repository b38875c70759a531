import type { RunsSeen } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** How it stands with a key's runs, and what the last one left for the next; empty for nothing. @throws CallError */
export async function readRunState(
  redis: Redis,
  prefix: string,
  key: string,
): Promise<{ readonly runs: RunsSeen; readonly memory: string }> {
  const keys = redisKeys(prefix);
  try {
    const [fields, due] = await Promise.all([
      redis.hmget(keys.key(key), 'runs', 'running', 'markedAt', 'failures', 'error', 'memory'),
      redis.zscore(keys.due, key),
    ]);
    const [runs, running, marked, failures, error, memory] = fields;
    const seen = {
      runs: Number(runs ?? 0),
      isRunning: typeof running === 'string',
      nextRunAt: due === null ? undefined : Number(due),
      waitingSince: typeof marked === 'string' ? Number(marked) : undefined,
      failures: Number(failures ?? 0),
      lastError: error ?? '',
    };
    return { runs: seen, memory: memory ?? '' };
  } catch (error) {
    throw redisError(error);
  }
}
