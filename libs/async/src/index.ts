/**
 * Concurrency primitives without domain types: operations that are serialised per key, or shared by concurrent callers. Every wait obeys an
 * AbortSignal, and nothing starts at import.
 */
export { createKeyedRuns } from './keyed-runs.ts';
export { sharedRun } from './shared-run.ts';
export { exponentialDelay } from './exponential-delay.ts';
export { raceAbort } from './race-abort.ts';
export { runLimited } from './run-limited.ts';
