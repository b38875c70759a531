import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/**
 * Says that no worker of a former life of this Redis can exist, so that no watcher waits for one. Only who has just made the Redis may
 * know. Changes nothing when another process waits already.
 * @throws CallError `Transient`
 */
export async function initialiseLog(redis: Redis, prefix: string): Promise<void> {
  await redis.set(redisKeys(prefix).born, '0', 'NX').catch((error: unknown) => {
    throw redisError(error);
  });
}
