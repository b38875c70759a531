import type { Redis } from 'ioredis';
import { parseLogEntry, type LogEntry } from './fold.ts';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** The last 32 entries at most that made a work key due, newest first; trimmed ones are left out. */
export async function readHistory(redis: Redis, prefix: string, key: string): Promise<readonly LogEntry[]> {
  const keys = redisKeys(prefix);
  try {
    const ids = await redis.lrange(keys.history(key), 0, -1);
    const found = await Promise.all([...new Set(ids)].map((id) => redis.xrange(keys.log, id, id)));
    return found.flat().map(parseLogEntry);
  } catch (error) {
    throw redisError(error);
  }
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
