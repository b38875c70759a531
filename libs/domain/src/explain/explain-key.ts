import type { Gathered } from '../ports/event-log.ts';
import { withAnswers } from '../snapshot/live-questions.ts';
import { toSnapshot } from '../snapshot/to-snapshot.ts';
import { type PredictorSnapshot, type RuntimeSnapshot } from '../snapshot/snapshot.ts';
import { type SnapshotContext } from '../snapshot/gather-request.ts';
import type { PredictorKey, RuntimeKey } from '../objects/work-key.ts';
import { explainModel, type Explanation } from './explain-model.ts';
import { explainRuntime, type RuntimeExplanation } from './explain-runtime.ts';
import type { LoggedEntry } from './logged-entry.ts';
import type { RunsSeen } from './run-state.ts';

/** What can be explained, in the words that people ask with. */
export const EXPLAINED = ['isvc', 'predictor', 'runtime'] as const;
export type ExplainedKind = (typeof EXPLAINED)[number];

export function explainedKey(kind: ExplainedKind, namespace: string, name: string): PredictorKey | RuntimeKey {
  if (kind === 'runtime') return { kind, namespace, name };
  return { kind: 'predictor', namespace, owner: kind === 'isvc' ? 'isvc' : 'ksp', name };
}

/** The input of an explanation: the answer to `explainRequest`, the key's history, and the state of its runs. */
export type LookedUp = {
  readonly gathered: Gathered;
  readonly history: readonly LoggedEntry[];
  readonly runs: RunsSeen;
  /** What its last run left for the next. */
  readonly memory: string;
};

/** The same from what was looked up by the console or by an operator’s shell. Pure. */
export function explainKey(
  key: PredictorKey | RuntimeKey,
  { gathered, history, runs, memory }: LookedUp,
  context: SnapshotContext,
  now: number,
): Explanation | RuntimeExplanation {
  const remembered = toSnapshot(key, gathered, context, memory);
  const snapshot = withAnswers(remembered, remembered.memory.live ?? {});
  return key.kind === 'predictor'
    ? explainModel(snapshot as PredictorSnapshot, history, runs, now)
    : explainRuntime(snapshot as RuntimeSnapshot, history, runs, now);
}
