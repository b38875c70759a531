import { randomUUID } from 'node:crypto';
import type { DueKeys } from '@meshkeeper/domain';
import { Queue, type Job, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { QUEUE_NAMES, type DeadData, type JobData, type QueueNames, type TimerData } from './queue-names.ts';

export type DueQueueOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  readonly names?: QueueNames;
  /** Called with the number of keys that each call put into the queue. */
  readonly added?: (keys: number) => void;
};

/** The producing side. The main queue holds only runnable jobs: a delay there would hold back events (docs/architecture.md, T2). */
export type DueQueue = DueKeys & {
  /** Runs the key after `delayMs`, unless a later run has decided again. */
  startTimer(timer: TimerData, delayMs: number): Promise<void>;
  /**
   * A timer fired: queued behind all events. `waiting` and `active` mean that a job stood for the key already; an active one may be at
   * its end, and then nothing represents the key.
   */
  enqueueTimed(key: string): Promise<'queued' | 'waiting' | 'active'>;
  addDeadLetter(letter: DeadData): Promise<void>;
  removeDeadLetter(key: string): Promise<void>;
  counts(): Promise<Readonly<Record<string, number>>>;
  /** For bull-board, read-only. */
  readonly queues: readonly Queue[];
  stop(): Promise<void>;
};

const TIMED_PRIORITY = 5;
const BULK = 500;
/** BullMQ's stream of events is about 0.1 MB at this length. */
const EVENTS = 1_000;

function openQueue<T>({ redis, prefix }: DueQueueOptions, name: string): Queue<T, unknown, string, T, unknown, string> {
  const queue = new Queue<T, unknown, string, T, unknown, string>(name, {
    connection: redis,
    prefix,
    streams: { events: { maxLen: EVENTS } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  // The connection is the caller's, who hears its errors; a queue without a listener prints each of them.
  queue.on('error', () => undefined);
  return queue;
}

export function createDueQueue(options: DueQueueOptions): DueQueue {
  const { redis, prefix, names = QUEUE_NAMES } = options;
  const main = openQueue<JobData>(options, names.main);
  const timers = openQueue<TimerData>(options, names.timers);
  const dead = openQueue<DeadData>(options, names.dead);
  return {
    queues: [main, timers, dead],
    async enqueue(keys: readonly string[]): Promise<void> {
      if (keys.length === 0) return;
      options.added?.(keys.length);
      const jobs = keys.map((key) => ({ name: 'event', data: { key }, opts: eventOptions(key) }));
      for (let i = 0; i < jobs.length; i += BULK) {
        const slice = jobs.slice(i, i + BULK);
        const added = await main.addBulk(slice);
        await overtake(
          redis,
          prefix,
          names.main,
          added.filter(({ id }, j) => id !== slice[j]?.opts.jobId),
        );
      }
    },
    async startTimer(timer: TimerData, delayMs: number): Promise<void> {
      const delay = Math.max(0, Math.round(delayMs));
      const jobId = jobIdFor(timer.key);
      const { id } = await timers.add('timer', timer, {
        jobId,
        delay,
        deduplication: { id: timer.key, replace: true },
      });
      // BullMQ replaces a timer that waits for its time. One that is firing belongs to an earlier run and is void: this one stands beside it.
      if (id !== jobId) await timers.add('timer', timer, { jobId: jobIdFor(timer.key), delay });
    },
    async enqueueTimed(key: string) {
      const jobId = jobIdFor(key);
      const { id } = await main.add('timed', { key }, { jobId, priority: TIMED_PRIORITY, deduplication: { id: key } });
      if (id === jobId) return 'queued';
      return stateOfJob(redis, `${prefix}:${names.main}:`, key, id ?? '');
    },
    async addDeadLetter(letter: DeadData): Promise<void> {
      const jobId = deadIdFor(letter.key);
      const known = await dead.getJob(jobId);
      if (known === undefined) await dead.add('dead', letter, { jobId });
      else await known.updateData({ ...letter, since: known.data.since });
    },
    async removeDeadLetter(key: string): Promise<void> {
      await dead.remove(deadIdFor(key));
    },
    counts: () => main.getJobCounts('waiting', 'active', 'prioritized', 'failed'),
    async stop(): Promise<void> {
      await Promise.all([main.close(), timers.close(), dead.close()]);
    },
  };
}

/**
 * A job that stood for the key already keeps its place. If that place is among timed work, the event takes it to the front: BullMQ itself
 * never raises a priority. Only there, since elsewhere the same call would move the job to the back (T8).
 */
async function overtake(redis: Redis, prefix: string, queue: string, waiting: readonly Job[]): Promise<void> {
  if (waiting.length === 0) return;
  const scores = await redis.zmscore(`${prefix}:${queue}:prioritized`, ...waiting.map(({ id }) => id ?? ''));
  const timed = waiting.filter((_, i) => scores[i] !== null);
  // A job that a worker has taken in the meantime cannot be moved and need not be: its run sees the mark, or the sweeper finds the key.
  await Promise.allSettled(timed.map((job) => job.changePriority({ priority: 0 })));
}

/** State of the job that represented the key a moment ago. One that has ended since represents nothing. */
async function stateOfJob(redis: Redis, at: string, key: string, id: string): Promise<'waiting' | 'active'> {
  if ((await redis.exists(`${at}${id}:lock`)) === 1) return 'active';
  return (await redis.get(`${at}de:${key}`)) === id ? 'waiting' : 'active';
}

/** An event overtakes timed work: it has no priority, and BullMQ takes such jobs first. */
function eventOptions(key: string): JobsOptions {
  return { jobId: jobIdFor(key), deduplication: { id: key, keepLastIfActive: true } };
}

/** A job id must be new each time: a job id that equals the key would block the key (T1). BullMQ forbids colons in it. */
function jobIdFor(key: string): string {
  return `${key.replaceAll(':', '_')}#${randomUUID().slice(0, 8)}`;
}

function deadIdFor(key: string): string {
  return `dead ${key.replaceAll(':', '_')}`;
}
