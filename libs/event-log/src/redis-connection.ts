import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CallError } from '@meshkeeper/domain';
import { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';

export type RedisConnectionOptions = {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly caFile?: string | undefined;
  /** Called with each connection error; ioredis itself keeps retrying. */
  readonly onError?: (error: CallError) => void;
};

/** BullMQ's own back-off reaches 20 s; after an outage work should start within a second. */
const RECONNECT_CAP_MS = 1_000;
const LEAST_VERSION = 7;

/** A connection that reconnects by itself. Calls wait for the connection while it is away. */
export function connectRedis(options: RedisConnectionOptions): Redis {
  const redis = new Redis(options.url, {
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.caFile === undefined ? {} : { tls: { ca: readFileSync(options.caFile) } }),
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    retryStrategy: (attempt: number) => Math.min(50 * attempt, RECONNECT_CAP_MS),
  });
  redis.on('error', (error: Error) => options.onError?.(redisError(error)));
  return redis;
}

/**
 * Checks what the queue cannot do without: Redis 7, and no eviction of keys.
 * @throws CallError `Terminal` with one sentence that says what to change; `Transient` when Redis does not answer within `timeoutMs`.
 */
export async function checkRedis(redis: Redis, timeoutMs: number): Promise<void> {
  const info = await infoWithin(redis, timeoutMs);
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) < LEAST_VERSION) {
    throw new CallError('Terminal', `Redis ${version} is too old: Meshkeeper needs ${LEAST_VERSION}.0 or newer`, {
      code: 'RedisTooOld',
    });
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new CallError(
      'Terminal',
      `Redis has maxmemory-policy ${policy}, which may drop queued work: set it to noeviction`,
      { code: 'RedisEvicts' },
    );
  }
}

/**
 * Waits until Redis answers and is fit for use. While it does not answer, `blocked` is called with the reason once a second.
 * @throws CallError `Terminal` as `checkRedis` does; the signal's reason when aborted.
 */
export async function waitForRedis(
  redis: Redis,
  blocked: (error: CallError) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await checkRedis(redis, CHECK_MS);
    } catch (error) {
      const problem = redisError(error);
      if (problem.kind === 'Terminal') throw problem;
      blocked(problem);
      await delay(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
}

const CHECK_MS = 2_000;

async function infoWithin(redis: Redis, timeoutMs: number): Promise<string> {
  let lastError: unknown = new Error('connect timeout');
  const remember = (error: unknown): void => {
    lastError = error;
  };
  redis.on('error', remember);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lastError), timeoutMs);
  });
  try {
    return await Promise.race([redis.info(), limit]);
  } catch (error) {
    throw redisError(error);
  } finally {
    clearTimeout(timer);
    redis.off('error', remember);
  }
}
