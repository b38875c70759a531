import { ADVICE } from '../reasons/advice.ts';
import type { Copy } from '../objects/model-copies.ts';
import type { Gate } from '../gates/gate.ts';
import { firstOpen, gatesOf } from '../gates/gates-of.ts';
import { seenInStatus } from '../gates/seen-model.ts';
import { pauseOf } from '../snapshot/paused.ts';
import { wantedOf } from '../snapshot/wanted-model.ts';
import { readShown, type ShownStatus } from '../status/shown-status.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { formatKey } from '../objects/work-key.ts';
import { causeChain, type Episode } from './cause-chain.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { nextRunInWords, type RunsSeen } from './run-state.ts';

/** Where copies of a model are. A VModel may be between two models. */
export type ToldModel = {
  readonly modelId: string;
  /** `wanted` by the object as it is now; `active` is what answers requests. */
  readonly roles: readonly ('wanted' | 'active' | 'target')[];
  readonly copies: readonly Copy[];
};

/** All that there is to say of a model, as data. */
export type Explanation = {
  readonly kind: 'InferenceService' | 'Predictor';
  readonly namespace: string;
  readonly name: string;
  /** Epoch ms. */
  readonly at: number;
  readonly ready: boolean;
  /** How it stands, in one sentence. */
  readonly summary: string;
  /** Of the first open gate. */
  readonly reason: Reason | undefined;
  /** What to do next, in one sentence. */
  readonly todo: string;
  readonly gates: readonly Gate[];
  readonly models: readonly ToldModel[];
  readonly runs: RunsSeen & { readonly next: string };
  readonly chain: readonly Episode[];
};

/** The answer to "why is it not ready?", and to "why was it written?". Pure. */
export function explainModel(
  snapshot: PredictorSnapshot,
  history: readonly LoggedEntry[],
  runs: RunsSeen,
  now: number,
): Explanation {
  const { key, object } = snapshot;
  const shown = readShown(key.owner, object?.body);
  const gates = gatesOf(snapshot, seenInStatus(shown));
  const first = firstOpen(gates);
  const reason = pauseOf(snapshot)?.reason ?? first?.reason;
  return {
    kind: key.owner === 'isvc' ? 'InferenceService' : 'Predictor',
    namespace: key.namespace,
    name: key.name,
    at: now,
    ready: shown.ready,
    summary: summaryOf(snapshot, shown, first),
    reason,
    todo: todoOf(reason, shown, gates, runs),
    gates,
    models: modelsOf(snapshot),
    runs: { ...runs, next: nextRunInWords(runs, now) },
    chain: causeChain(formatKey(key), history),
  };
}

function summaryOf(snapshot: PredictorSnapshot, shown: ShownStatus, first: Gate | undefined): string {
  const pause = pauseOf(snapshot);
  const why = pause ?? (first?.reason === undefined ? undefined : { reason: first.reason, message: first.message });
  const said = why === undefined ? '' : `${why.reason}: ${why.message}.`;
  if (!shown.ready)
    return said === '' ? 'Not ready yet, though nothing is known to be in the way.' : `Not ready. ${said}`;
  if (why === undefined) return 'Ready.';
  return pause === undefined && first?.name !== 'object'
    ? `Ready, with the previous model. For the requested one: ${said}`
    : `Ready. ${said}`;
}

function todoOf(
  reason: Reason | undefined,
  { ready }: ShownStatus,
  gates: readonly Gate[],
  { failures, lastError }: RunsSeen,
): string {
  if (reason !== undefined) return ADVICE[reason];
  if (failures > 0) return `Look at what the last run failed with, and at that system: ${lastError}`;
  const unknown = gates.find(({ state }) => state === 'unknown');
  if (unknown !== undefined)
    return 'Wait until all sources are listed; the console’s first page shows which are not, and /readyz of the watchers why.';
  return ready
    ? 'Nothing.'
    : 'Wait for the next run, which will show what the mesh says; if it does not come, look at the queues.';
}

function modelsOf(snapshot: PredictorSnapshot): readonly ToldModel[] {
  const { object, vmodel, copies } = snapshot;
  const wanted = object && wantedOf(snapshot, object);
  const roles = {
    wanted: wanted?.kind === 'model' ? wanted.registration.targetModelId : '',
    active: vmodel?.active ?? '',
    target: vmodel?.target ?? '',
  };
  const ids = new Set([...Object.values(roles), ...Object.keys(copies)].filter((id) => id !== ''));
  return [...ids].map((modelId) => ({
    modelId,
    roles: (['wanted', 'active', 'target'] as const).filter((role) => roles[role] === modelId),
    copies: Object.hasOwn(copies, modelId) ? (copies[modelId] ?? []) : [],
  }));
}
