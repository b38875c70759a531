import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/**
 * Which of the given work keys are busy: due, running, or marked by a change less than `graceMs` ago. What they represent is still
 * converging. @throws CallError `Transient`
 */
export async function readBusyKeys(
  redis: Redis,
  prefix: string,
  keys: readonly string[],
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): Promise<ReadonlySet<string>> {
  const names = redisKeys(prefix);
  const isBusy = async (key: string): Promise<boolean> => {
    const [due, run, entry] = await Promise.all([
      redis.zscore(names.due, key),
      redis.hget(names.key(key), 'running'),
      redis.lindex(names.history(key), 0),
    ]);
    const isDue = due !== null && Number(due) <= now;
    // The id of a log entry begins with the time it was written at.
    return isDue || run !== null || now - Number(entry?.split('-')[0] ?? 0) < graceMs;
  };
  try {
    const asked = [...new Set(keys)];
    const busy = await Promise.all(asked.map(isBusy));
    return new Set(asked.filter((_, i) => busy[i]));
  } catch (error) {
    throw redisError(error);
  }
}
