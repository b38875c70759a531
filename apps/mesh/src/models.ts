import type { ModelInfo } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import { pickInstance, type Candidate } from './pick-instance.ts';
import { unplaceableMessage } from './type-constraints.ts';

/** Pure decisions on one registry record. Times are epoch milliseconds. */

const HOUR_MS = 3_600_000;
/** Instances on which one attempt fails before it is given up. */
const MAX_FAILURES = 3;

export function newModelRecord(
  info: ModelInfo,
  options: { readonly autoDel: boolean; readonly lu: bigint },
): ModelRecord {
  return {
    type: info.type,
    encKey: info.key,
    mPath: info.path,
    autoDel: options.autoDel,
    instanceIds: {},
    failedIn: {},
    fails: {},
    refs: 0,
    lu: options.lu,
    lul: 0n,
    loadedIn: {},
    attempt: 0,
    extra: {},
  };
}

export function hasInfo(record: ModelRecord, info: ModelInfo): boolean {
  return record.type === info.type && record.encKey === info.key && record.mPath === info.path;
}

/** The `lu` of a model that nobody used yet: an hour old when it is wanted now, else six, so that it is evicted first. */
export function initialLastUsed(now: number, loadNow: boolean, given = 0n): bigint {
  if (given > 0n) return given < BigInt(now) ? given : BigInt(now);
  return BigInt(now - (loadNow ? 1 : 6) * HOUR_MS);
}

export function without<T>(map: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}

/** `loadedIn` counts only for the load that `instanceIds` names: an older one is a leftover. */
export function isLoadedOn(record: ModelRecord, iid: string): boolean {
  const start = record.instanceIds[iid];
  const loaded = record.loadedIn[iid];
  return start !== undefined && loaded !== undefined && loaded >= start;
}

/** Failures of the latest attempt. */
function currentFailures(record: ModelRecord): readonly string[] {
  return Object.entries(record.failedIn)
    .filter(([, time]) => time >= record.attempt)
    .map(([iid]) => iid);
}

export function newestFailure(record: ModelRecord): number {
  return Math.max(0, ...Object.values(record.failedIn));
}

export type LoadContext = {
  readonly now: number;
  /** Live instances. */
  readonly candidates: readonly Candidate[];
  readonly requiredLabels: readonly string[];
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
export function decideLoad(record: ModelRecord, context: LoadContext): LoadDecision {
  const { now, candidates } = context;
  if (candidates.some(({ iid }) => record.instanceIds[iid] !== undefined)) return { kind: 'present' };
  const failures = currentFailures(record);
  if (failures.length > 0 && now - newestFailure(record) < context.backoffMs) return { kind: 'resting' };
  const pick = pickInstance(candidates, context.requiredLabels, new Set());
  if (pick.kind !== 'picked') {
    return { kind: 'unplaceable', message: unplaceableMessage(record.type, context.requiredLabels) };
  }
  const retried = failures.length > 0 ? { ...record, attempt: now } : record;
  const assigned = assign(retried, pick.iid, now);
  return {
    kind: 'assign',
    iid: pick.iid,
    record: context.lastUsed === undefined ? assigned : { ...assigned, lu: context.lastUsed },
  };
}

/** Starting a load on an instance takes its own failure back. */
export function assign(record: ModelRecord, iid: string, now: number): ModelRecord {
  return {
    ...record,
    instanceIds: { ...record.instanceIds, [iid]: now },
    loadedIn: without(record.loadedIn, iid),
    failedIn: without(record.failedIn, iid),
    fails: without(record.fails, iid),
  };
}

/** A copy that ended: drained, pruned, or unloaded. */
export function withoutCopy(record: ModelRecord, iid: string): ModelRecord {
  return { ...record, instanceIds: without(record.instanceIds, iid), loadedIn: without(record.loadedIn, iid) };
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
export function loadFailed(record: ModelRecord, iid: string, message: string, context: LoadContext): ModelRecord {
  const failed: ModelRecord = {
    ...withoutCopy(record, iid),
    failedIn: { ...record.failedIn, [iid]: context.now },
    fails: { ...record.fails, [iid]: { msg: message } },
  };
  const tried = new Set(currentFailures(failed));
  const elsewhere = context.candidates.some((candidate) => failed.instanceIds[candidate.iid] !== undefined);
  if (elsewhere || tried.size >= MAX_FAILURES) return failed;
  const pick = pickInstance(context.candidates, context.requiredLabels, tried);
  return pick.kind === 'picked' ? assign(failed, pick.iid, context.now) : failed;
}
