import type { ModelRecord } from '@meshkeeper/modelmesh';
import { placeModel, type ClusterView as PlacementView, type Placement } from '@meshkeeper/placement';
import { currentFailures, newestFailure, without } from './model-record.ts';
import { modelView } from './model-view.ts';
import { unplaceableMessage } from './type-constraints.ts';

/** Pure decisions on one registry record. Times are epoch milliseconds. */

export type LoadContext = {
  readonly now: number;
  /** Live instances of ours. */
  readonly view: PlacementView;
  /** How large the model is, or will be. */
  readonly units: number;
  /** Instances that did not answer, or did not have it: as if they were not there. */
  readonly avoid?: ReadonlySet<string> | undefined;
  /** A failed model is left alone until its newest failure is so old. */
  readonly backoffMs: number;
  /** Written with the assignment; absent: stays. */
  readonly lastUsed?: bigint;
};

export type LoadDecision =
  /** A live instance has it, or loads it. */
  | { readonly kind: 'present' }
  /** It failed too recently. */
  | { readonly kind: 'resting' }
  | { readonly kind: 'unplaceable'; readonly message: string }
  | { readonly kind: 'assign'; readonly record: ModelRecord; readonly iid: string };

/** Whether and where a model is to be loaded. A retry begins a new attempt, in which every instance counts as untried. */
export function decideLoad(id: string, record: ModelRecord, context: LoadContext): LoadDecision {
  const { now } = context;
  if (isPresent(record, context)) return { kind: 'present' };
  const failures = currentFailures(record);
  const failedAt = newestFailure(record);
  // Where a copy came after the failure and went, there is nothing to rest from.
  const isUnsettled = failures.length > 0 && failedAt > Number(record.lul);
  if (isUnsettled && now - failedAt < context.backoffMs) return { kind: 'resting' };
  const retried = failures.length > 0 ? { ...record, attempt: now } : record;
  const used = context.lastUsed === undefined ? retried : { ...retried, lu: context.lastUsed };
  const place = placeCopy(id, { ...used, failedIn: failures.length > 0 ? {} : used.failedIn }, context);
  if (place.kind === 'none')
    return { kind: 'unplaceable', message: noPlaceMessage(record.type, place.reason, context) };
  return { kind: 'assign', iid: place.instance, record: assign(used, place.instance, now) };
}

function isPresent(record: ModelRecord, { view, avoid }: LoadContext): boolean {
  return view.instances.some(({ id }) => record.instanceIds[id] !== undefined && avoid?.has(id) !== true);
}

/** Where a further copy goes. Copies on instances that are gone count for nothing. */
export function placeCopy(id: string, record: ModelRecord, { view, units, avoid, now }: LoadContext): Placement {
  const instances = avoid === undefined ? view.instances : view.instances.filter((each) => !avoid.has(each.id));
  const live = new Set(instances.map((each) => each.id));
  return placeModel(
    { ...view, instances },
    modelView(id, record, units, (iid) => live.has(iid)),
    now,
  );
}

/** The original's texts, on which the reconciler keys. */
export function noPlaceMessage(type: string, reason: string, { view }: LoadContext): string {
  const labels = view.types.requiredLabels(type);
  const mayHold = view.instances.some((each) => !each.draining && labels.every((label) => each.labels.includes(label)));
  return mayHold ? `Nowhere available to load: ${reason}` : unplaceableMessage(type, labels);
}

/** Starting a load on an instance takes its own failure back. An entry in `loadedIn` already says that the end will be recorded. */
export function assign(record: ModelRecord, iid: string, now: number): ModelRecord {
  return {
    ...record,
    instanceIds: { ...record.instanceIds, [iid]: now },
    loadedIn: { ...record.loadedIn, [iid]: 0 },
    failedIn: without(record.failedIn, iid),
    fails: without(record.fails, iid),
  };
}

/** A copy that ended: drained, pruned, or unloaded. */
export function withoutCopy(record: ModelRecord, iid: string): ModelRecord {
  return { ...record, instanceIds: without(record.instanceIds, iid), loadedIn: without(record.loadedIn, iid) };
}

/** A copy that gave way. What remains of it is when it was used. */
export function evicted(record: ModelRecord, iid: string, lastUsed: number, now: number): ModelRecord {
  const lu = record.lu > BigInt(lastUsed) ? record.lu : BigInt(lastUsed);
  return { ...withoutCopy(record, iid), lu, lul: BigInt(now) };
}

/** A load that succeeded also settles the failures of earlier attempts. */
export function loaded(record: ModelRecord, iid: string, now: number): ModelRecord {
  const failedIn = Object.fromEntries(Object.entries(record.failedIn).filter(([, time]) => time >= record.attempt));
  const fails = Object.fromEntries(Object.entries(record.fails).filter(([key]) => Object.hasOwn(failedIn, key)));
  const attempt = Object.keys(failedIn).length === 0 ? 0 : record.attempt;
  return { ...record, failedIn, fails, attempt, loadedIn: { ...record.loadedIn, [iid]: now } };
}

/**
 * A load that failed, and the next instance that is to try, in one write: between two a reader would see a failure that is
 * not yet the outcome.
 */
export function loadFailed(
  id: string,
  record: ModelRecord,
  iid: string,
  message: string,
  context: LoadContext,
): ModelRecord {
  const failed: ModelRecord = {
    ...withoutCopy(record, iid),
    failedIn: { ...record.failedIn, [iid]: context.now },
    fails: { ...record.fails, [iid]: { msg: message } },
  };
  if (isPresent(failed, context)) return failed;
  const place = placeCopy(id, failed, context);
  return place.kind === 'placed' ? assign(failed, place.instance, context.now) : failed;
}
