import { setTimeout } from 'node:timers/promises';
import { FORM, messageOf, type DueKeys, type SourceFeed } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { recordSource, type SourceObserver } from './record-source.ts';
import { Recorder } from './recorder.ts';
import { connectRedis, waitForRedis, type RedisConnectionOptions } from './redis-connection.ts';

/** The part of a logger that is used here; pino's is one. */
type Logger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type RecorderProcessOptions = {
  readonly redis: RedisConnectionOptions;
  readonly prefix: string;
  readonly queueName: string;
  readonly openQueue: (redis: Redis) => DueKeys & { stop(): Promise<void> };
  readonly feeds: readonly SourceFeed[];
  readonly observer: Omit<SourceObserver, 'failed'> & {
    failed(source: string, reason: string): void;
    blockedBy(source: string): string | undefined;
  };
  readonly logger: Logger;
};

/**
 * The time that a worker may hold a run without renewing its lock, ms; everybody must mean the same. Lost locks are looked for at half
 * of it, so that a dead worker's runs continue elsewhere after at most 7.5 s.
 */
export const LOCK_DURATION_MS = 5_000;

const STOP_WITHIN_MS = 2_000;

export type RecorderProcess = {
  /** Undefined while every source records; else one sentence. */
  problem(): string | undefined;
  stop(): Promise<void>;
};

/**
 * All that a watcher process does beside knowing its feeds: waits for Redis, then records every source until stopped. A Redis that is
 * not fit for use (too old, evicting) is fatal: the rejection is left to the process.
 */
export function startRecorder(options: RecorderProcessOptions): RecorderProcess {
  const { feeds, observer, logger, prefix, queueName } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const redis = connectRedis(options.redis);
  const blocked = new Set<string>();
  let waiting: string | undefined = 'waiting for Redis';
  const everySource = (reason: string, message: string): void => {
    for (const { source } of feeds) observer.failed(source, reason);
    if (waiting !== message) logger.warn({ reason }, `Recording waits: ${message}`);
    waiting = message;
  };
  const queue = options.openQueue(redis);
  const recorder = new Recorder({ redis, prefix, queue: queueName, form: FORM, lockDurationMs: LOCK_DURATION_MS });
  const goesOn = (source: string): void => {
    if (blocked.delete(source)) logger.info({ source }, 'Recording continues');
  };
  const watched: SourceObserver = {
    alive: observer.alive,
    recorded(source, changes, fresh) {
      observer.recorded(source, changes, fresh);
      goesOn(source);
    },
    listed(source, objects) {
      observer.listed(source, objects);
      goesOn(source);
    },
    failed(source, reason, message) {
      observer.failed(source, reason);
      if (!blocked.has(source)) logger.warn({ source, reason }, message);
      blocked.add(source);
    },
  };
  const run = async (): Promise<void> => {
    await waitForRedis(redis, ({ code = 'RedisUnreachable', message }) => everySource(code, message), signal);
    waiting = undefined;
    await Promise.all(feeds.map((feed) => recordSource({ feed, recorder, queue, observer: watched, signal })));
  };
  const done = run().catch((error: unknown) => {
    if (!signal.aborted) throw new Error(messageOf(error), { cause: error });
  });
  return {
    problem: () =>
      waiting ??
      feeds
        .map(({ source }) => [source, observer.blockedBy(source)])
        .find(([, reason]) => reason)
        ?.join(': '),
    async stop(): Promise<void> {
      stopping.abort(new Error('stopping'));
      const ended = done.catch(() => undefined);
      await Promise.race([ended, setTimeout(STOP_WITHIN_MS, undefined, { ref: false })]);
      // A call waits for a Redis that is away as long as its connection stands.
      redis.disconnect();
      await ended;
      await queue.stop();
    },
  };
}
