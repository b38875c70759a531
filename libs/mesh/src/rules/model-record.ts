import type { ModelInfo } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';

/** What one registry record says. Pure; times are epoch milliseconds. */

const HOUR_MS = 3_600_000;

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

/** The `lu` of an unused model: one hour old if it is wanted now, else six, so that it is evicted first. */
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
export function currentFailures(record: ModelRecord): readonly string[] {
  return Object.entries(record.failedIn)
    .filter(([, time]) => time >= record.attempt)
    .map(([iid]) => iid);
}

export function newestFailure(record: ModelRecord): number {
  return Math.max(0, ...Object.values(record.failedIn));
}
