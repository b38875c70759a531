import { Worker } from 'bullmq';
import type { QueueNames, TimerData } from './queue-names.ts';
import type { WorkerOptions } from './worker-options.ts';

/** Back-off and "look again" wait in a queue of their own, whose worker only puts the key into the main queue. */
export function startTimers(options: WorkerOptions, names: QueueNames): { stop(): Promise<void> } {
  const worker = new Worker<TimerData>(names.timers, (job) => fire(options, job.data), {
    connection: options.redis.duplicate(),
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
  return { stop: () => worker.close() };
}

/** A later run of the key has decided anew: then this timer is void. One without a fencing token belongs to no run. */
async function fire({ queue, ledger }: WorkerOptions, { key, fencingToken }: TimerData): Promise<void> {
  if (fencingToken !== undefined && (await ledger.latestRun(key)) !== fencingToken) return;
  await queue.enqueueTimed(key);
}
