import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';

/** What SREs look at first: how much is due, and how long the oldest key has waited. */
export type QueueState = {
  readonly dueKeys: number;
  /** Milliseconds past the deadline of the key that is due longest; 0 when nothing is due. */
  readonly oldestDueMs: number;
  readonly oldestDueKey: string | undefined;
  readonly logLength: number;
};

export async function readQueueState(redis: Redis, prefix: string, now: number): Promise<QueueState> {
  const keys = redisKeys(prefix);
  try {
    const [dueKeys, oldest, logLength] = await Promise.all([
      redis.zcount(keys.due, '-inf', String(now)),
      redis.zrange(keys.due, '0', '0', 'WITHSCORES'),
      redis.xlen(keys.log),
    ]);
    // RESP3 gives the score as a number inside a pair, RESP2 as text beside the member.
    const [member, score] = (oldest as unknown[]).flat() as [string?, (string | number)?];
    const waited = score === undefined ? 0 : Math.max(0, now - Number(score));
    return { dueKeys, oldestDueMs: waited, oldestDueKey: waited > 0 ? member : undefined, logLength };
  } catch (error) {
    throw redisError(error);
  }
}
