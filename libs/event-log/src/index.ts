/**
 * Everything that is kept in Redis by Lua: the event log, the view folded from it, cursors, due keys and run state.
 *
 * Imported by apps; meets the other libraries through the ports of `domain` only. It never interprets a body and knows no
 * rule of any kind of object: what a change concerns is decided by `domain` and handed over as text. Each script is one
 * atomic step, so a process may die anywhere. Every failure is a CallError whose `code` says what is wrong with Redis;
 * all of them are `Transient` but those of `checkRedis`. The data structures: docs/architecture.md.
 */
export { createCallBudget, type CallBudgetOptions } from './call-budget.ts';
export { foldLog, parseLogEntry, type LogEntry, type View } from './fold.ts';
export { gather } from './gather.ts';
export { lookUp } from './look-up.ts';
export { initialiseLog } from './initialise-log.ts';
export { readHistory, readLog } from './history.ts';
export { createViewReader, readView } from './read-view.ts';
export { recordSource, type RecordSourceOptions, type SourceObserver } from './record-source.ts';
export { Recorder, type EventLogOptions, type Opened, type Recorded } from './recorder.ts';
export { checkRedis, connectRedis, waitForRedis, type RedisConnectionOptions } from './redis-connection.ts';
export { redisError } from './redis-error.ts';
export { createDeletionBrake } from './deletion-brake.ts';
export { createRunLedger } from './run-ledger.ts';
export { computeOncePerInterval } from './compute-once-per-interval.ts';
export { readQueueState, type QueueState } from './queue-state.ts';
export { readRunState } from './run-state.ts';
export {
  LOCK_DURATION_MS,
  startRecorder,
  type RecorderProcess,
  type RecorderProcessOptions,
} from './start-recorder.ts';
export { createServiceName } from './service-name.ts';
