import { CallError, messageOf, type Lease, type Run, type RunEnd } from '@meshkeeper/domain';
import type { Job } from 'bullmq';
import { FencedWorker } from './fenced-worker.ts';
import type { Fence } from './fence.ts';
import { QUEUE_NAMES, type JobData } from './queue-names.ts';
import { retryFor, RETRY_POLICY } from './retry.ts';
import { openConnection, startTimers } from './timers.ts';
import type { RunOutcome, WorkerOptions } from './worker-options.ts';

export type WorkQueueWorker = { stop(): Promise<void> };

/** A timer that Redis lost is found by the sweeper so long after it should have fired. */
const TIMER_GRACE_MS = 2_000;
const BUSY_RETRY_MS = 200;

/** Drains the main queue: begins a run for each job, fences it, finishes it, and queues the key again when the run requests it. */
export function startWorker(options: WorkerOptions): WorkQueueWorker {
  const { names = QUEUE_NAMES, lockDurationMs, observer } = options;
  const running = new Map<string, Promise<void>>();
  const connection = openConnection(options);
  const worker: FencedWorker = new FencedWorker(names.main, (job, token) => process(job, token ?? ''), {
    connection,
    prefix: options.prefix,
    concurrency: options.concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: lockDurationMs / 2,
    // A second crash must not end a key (T3).
    maxStalledCount: 1_000_000,
    // Bounds how long a frozen worker can hold the marker that wakes idle ones (T6).
    drainDelay: 1,
    runRetryDelay: 1_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', (error) => observer.failed(error));
  const watchdog = setInterval(() => worker.closeLapsed(), lockDurationMs / 10);
  const timers = startTimers(options, names);

  async function process(job: Job<JobData>, token: string): Promise<void> {
    const { key } = job.data;
    const lease: Lease = { jobId: job.id ?? '', token };
    // Opened before the wait below, so that renewals during it keep it open.
    const fence = worker.openFence(token, lockDurationMs - (Date.now() - (job.processedOn ?? Date.now())));
    // After a lost lock this very process may be given the key again while its first run still winds down (T5).
    while (running.has(key)) await running.get(key);
    const done = runJob(options, job, lease, fence).finally(() => {
      running.delete(key);
      worker.dropFence(token);
    });
    running.set(
      key,
      done.catch(() => undefined),
    );
    await done;
  }

  return {
    async stop(): Promise<void> {
      await Promise.all([worker.close(), timers.stop()]);
      connection.disconnect();
      clearInterval(watchdog);
    },
  };
}

async function runJob(options: WorkerOptions, job: Job<JobData>, lease: Lease, fence: Fence): Promise<void> {
  const { ledger, queue, observer, now = Date.now } = options;
  const { key } = job.data;
  const forced = job.name !== 'event' || job.attemptsStarted > 1;
  const begun = await ledger.begin(key, lease, forced);
  if (begun.status === 'busy') await queue.startTimer({ key }, BUSY_RETRY_MS);
  if (begun.status !== 'ok') return;
  const { run } = begun;
  const startedAt = performance.now();
  observer.started(key, run.markedAt === undefined ? undefined : now() - run.markedAt);
  const verdict = await settle(options, key, run, fence);
  const setTimer = async (): Promise<void> => {
    if (verdict.timerMs !== undefined) await queue.startTimer({ key, fencingToken: run.fencingToken }, verdict.timerMs);
  };
  // The timer is set before the run is finished: dying in between repeats the run, which sets it again. A run that may have lost
  // its lock asks first: its timer would take the place of the next run's.
  const inTime = fence.isOpen;
  if (inTime) await setTimer();
  const finished = await ledger.finish(key, lease, run, verdict.end);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (finished.status === 'lost') {
    observer.finished(key, 'lost', seconds, undefined);
    return;
  }
  if (!inTime) await setTimer();
  if (finished.behind) await queue.enqueue([key]);
  await keepDeadLetter(options, key, run, verdict);
  const converged = verdict.outcome === 'success' && !finished.behind && run.markedAt !== undefined;
  observer.finished(key, verdict.outcome, seconds, converged ? now() - (run.markedAt ?? 0) : undefined);
}

/** Only after the run is recorded as ours: one that lost its lock says nothing about its key. */
async function keepDeadLetter(options: WorkerOptions, key: string, run: Run, { end, dead }: Verdict): Promise<void> {
  const { queue, retryPolicy = RETRY_POLICY, now = Date.now } = options;
  if (dead) await queue.addDeadLetter({ key, failures: run.failures + 1, error: end.error, since: now() });
  else if (end.ok && run.failures >= retryPolicy.deadAfter) await queue.removeDeadLetter(key);
}

type Verdict = {
  readonly outcome: RunOutcome;
  readonly end: RunEnd;
  readonly timerMs: number | undefined;
  readonly dead: boolean;
};

/** Runs the handler and turns what it gave, or threw, into the end of the run. */
async function settle(options: WorkerOptions, key: string, run: Run, fence: Fence): Promise<Verdict> {
  const { handle, now = Date.now } = options;
  try {
    const { lookAgainMs, gone, memory } = await handle({ key, run, guard: () => fence.guard(), signal: fence.signal });
    const deadline = lookAgainMs === undefined ? 0 : now() + lookAgainMs + TIMER_GRACE_MS;
    const remember = memory === undefined || memory === run.memory ? {} : { memory };
    const end: RunEnd = { ok: true, error: '', deadline, gone: gone && lookAgainMs === undefined, ...remember };
    return { outcome: lookAgainMs === undefined ? 'success' : 'requeue_after', end, timerMs: lookAgainMs, dead: false };
  } catch (error) {
    return settleFailure(options, key, run, error);
  }
}

function settleFailure(options: WorkerOptions, key: string, run: Run, error: unknown): Verdict {
  const { observer, now = Date.now } = options;
  const failures = run.failures + 1;
  const { delayMs, dead } = retryFor(error, run.streak + 1, failures, options.retryPolicy);
  const lost = error instanceof CallError && error.code === 'LostLock';
  if (!lost) observer.retried(key, error, delayMs, dead);
  const end: RunEnd = { ok: false, error: messageOf(error), deadline: now() + delayMs + TIMER_GRACE_MS, gone: false };
  return { outcome: 'error', end, timerMs: delayMs, dead };
}
