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
 * A reading that is too expensive for every process to take. The first process takes it and the others get its result; undefined before the
 * first one is complete, and when none could be taken for a while.
 */
export async function computeOncePerInterval(
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

/** After this many intervals without a new reading, the last one is no longer reported. */
const STALE_AFTER = 5;
