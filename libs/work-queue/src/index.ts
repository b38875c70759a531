/**
 * The queue between watchers and reconcilers: BullMQ with the semantics of a Kubernetes workqueue. A key never waits twice,
 * never runs twice concurrently, and never misses a change that arrives while it runs.
 *
 * Imported by apps. It runs what it is given and knows no rule; who runs what is asked of the RunLedger port. BullMQ alone does
 * not give these semantics: what was added, and which trap each part answers, is in docs/architecture.md.
 * A failed job is retried by one switch, `retry.ts`, from the class of its error. Errors of Redis pass through as they are.
 */
export { createDueQueue, type DueQueue, type DueQueueOptions } from './due-queue.ts';
export { QUEUE_NAMES, type QueueNames } from './queue-names.ts';
export { retryFor, type Retry, type RetryPolicy } from './retry.ts';
export { startSweeper } from './sweeper.ts';
export { startWorker, type WorkQueueWorker } from './worker.ts';
export type { HandleRun, RunContext, RunResult, WorkerObserver } from './worker-options.ts';
