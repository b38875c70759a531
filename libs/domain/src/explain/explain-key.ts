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

/** What an explanation is made of: what `explainRequest` asks for, what concerned the key, and how it stands with its runs. */
export type LookedUp = {
  readonly gathered: Gathered;
  readonly history: readonly LoggedEntry[];
  readonly runs: RunsSeen;
  /** What its last run left for the next. */
  readonly memory: string;
};

/** The same for whoever looked it up: the console, or an operator’s shell. Pure. */
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
