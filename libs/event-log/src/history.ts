import type { Redis } from 'ioredis';
import { parseLogEntry, type LogEntry } from './fold.ts';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/**
 * What concerned a work key, newest first: the last 32 entries at most that made it due, and the last 32 writes of its own runs. What the
 * log holds no more is left out.
 */
export async function readHistory(redis: Redis, prefix: string, key: string): Promise<readonly LogEntry[]> {
  const keys = redisKeys(prefix);
  try {
    const lists = await Promise.all([keys.history(key), keys.effects(key)].map((list) => redis.lrange(list, 0, -1)));
    const ids = [...new Set(lists.flat())].toSorted(newestFirst);
    const found = await Promise.all(ids.map((id) => redis.xrange(keys.log, id, id)));
    return found.flat().map(parseLogEntry);
  } catch (error) {
    throw redisError(error);
  }
}

/** Ids are milliseconds and a counter. */
function newestFirst(a: string, b: string): number {
  const [[msOfA = 0, countOfA = 0], [msOfB = 0, countOfB = 0]] = [a.split('-').map(Number), b.split('-').map(Number)];
  return msOfB - msOfA || countOfB - countOfA;
}

/** The whole log, oldest first, in pages. */
export async function* readLog(redis: Redis, prefix: string): AsyncGenerator<LogEntry> {
  let from = '-';
  for (;;) {
    const page = await redis.xrange(redisKeys(prefix).log, from, '+', 'COUNT', 1_000).catch((error: unknown) => {
      throw redisError(error);
    });
    yield* page.map(parseLogEntry);
    const last = page.at(-1)?.[0];
    if (last === undefined) return;
    from = `(${last}`;
  }
}
