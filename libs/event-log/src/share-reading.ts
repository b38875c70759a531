import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

export type SharedReading = {
  readonly name: string;
  /** All processes together make it once in this time at most. */
  readonly everyMs: number;
  readonly make: () => Promise<string>;
};

/**
 * A reading that costs too much for every process to make. Whoever is first makes it, all others get what it gave; undefined before the
 * first is made. @throws CallError `Transient`, and what `make` throws
 */
export async function shareReading(
  redis: Redis,
  prefix: string,
  { name, everyMs, make }: SharedReading,
): Promise<string | undefined> {
  const { reading, readingLock } = redisKeys(prefix);
  const rethrow = (error: unknown): never => {
    throw redisError(error);
  };
  const isOurs = await redis.set(readingLock(name), '1', 'PX', everyMs, 'NX').catch(rethrow);
  if (isOurs === null) return (await redis.get(reading(name)).catch(rethrow)) ?? undefined;
  const made = await make();
  await redis.set(reading(name), made, 'PX', everyMs * STALE_AFTER).catch(rethrow);
  return made;
}

/** So many times without a new one, and the last is told no more. */
const STALE_AFTER = 5;
