/**
 * Concurrency primitives without domain types: operations that are serialised per key, or shared by concurrent callers. Every wait obeys an
 * AbortSignal, and nothing starts at import.
 */
export { createKeyedRuns } from './keyed-runs.ts';
export { sharedRun } from './shared-run.ts';
export { createModelTurns } from './turns.ts';
