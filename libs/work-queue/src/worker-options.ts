import type { Run, RunLedger } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import type { DueQueue } from './due-queue.ts';
import type { QueueNames } from './queue-names.ts';
import type { RetryPolicy } from './retry.ts';

export type RunContext = {
  readonly key: string;
  readonly run: Run;
  /** Before each side effect; see Fence. */
  readonly guard: () => void;
  /** Aborted when the run loses its lock. */
  readonly signal: AbortSignal;
};

export type RunResult = {
  /** Look again after so many ms although nothing changed; undefined for never. */
  readonly lookAgainMs: number | undefined;
  /** Nothing is left to do for this key. */
  readonly gone: boolean;
  /** For the key's next run; undefined leaves what is there. */
  readonly memory?: string | undefined;
};

/** One run of a key. What it throws decides, by its class, when the key runs again. */
export type HandleRun = (context: RunContext) => Promise<RunResult>;

export type RunOutcome = 'success' | 'error' | 'requeue_after' | 'lost';

export type WorkerObserver = {
  /** `waitedMs`: since the first mark; undefined for a timed or repeated run. */
  started(key: string, waitedMs: number | undefined): void;
  /** `convergedMs`: from the first mark until now, when nothing more is due. */
  finished(key: string, outcome: RunOutcome, seconds: number, convergedMs: number | undefined): void;
  retried(key: string, error: unknown, delayMs: number, dead: boolean): void;
  /** An error of the queue itself. */
  failed(error: unknown): void;
};

export type WorkerOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  readonly queue: DueQueue;
  readonly ledger: RunLedger;
  readonly handle: HandleRun;
  readonly observer: WorkerObserver;
  readonly concurrency: number;
  readonly lockDurationMs: number;
  readonly names?: QueueNames;
  readonly retryPolicy?: RetryPolicy;
  readonly now?: () => number;
};
