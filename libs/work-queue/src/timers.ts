import { setTimeout } from 'node:timers/promises';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueueNames, TimerData } from './queue-names.ts';
import type { WorkerOptions } from './worker-options.ts';

/** Back-off and "look again" wait in a queue of their own, whose worker only puts the key into the main queue. */
export function startTimers(options: WorkerOptions, names: QueueNames): { stop(): Promise<void> } {
  const connection = openConnection(options);
  const worker = new Worker<TimerData>(names.timers, (job) => fire(options, job.data), {
    connection,
    prefix: options.prefix,
    concurrency: 10,
    lockDuration: options.lockDurationMs,
    stalledInterval: options.lockDurationMs / 2,
    maxStalledCount: 1_000_000,
    drainDelay: 1,
    runRetryDelay: 1_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', (error) => options.observer.failed(error));
  return {
    async stop(): Promise<void> {
      await worker.close();
      connection.disconnect();
    },
  };
}

/** A connection for one worker. BullMQ does not close a connection that it was given, so its owner does. */
export function openConnection({ redis, observer }: WorkerOptions): Redis {
  const connection = redis.duplicate();
  connection.on('error', (error: Error) => observer.failed(error));
  return connection;
}

/** When a later run of the key has decided again, this timer is void. A timer without a fencing token belongs to no run. */
async function fire({ queue, ledger }: WorkerOptions, { key, fencingToken }: TimerData): Promise<void> {
  // A short timer may fire before the job of the run that set it has ended, and would be lost to the sweeper's two seconds.
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (fencingToken !== undefined && (await ledger.latestRun(key)) !== fencingToken) return;
    if ((await queue.enqueueTimed(key)) !== 'active') return;
    await setTimeout(AGAIN_MS);
  }
}

const TRIES = 25;
const AGAIN_MS = 20;
