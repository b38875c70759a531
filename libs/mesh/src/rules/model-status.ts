import type { ModelStatus, ModelStatusInfo } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import { isLoadedOn } from './model-record.ts';

/** Who counts as having a copy. */
export type Liveness = {
  /** An instance of ours that is there. */
  isLive(iid: string): boolean;
  /** Whether the copy that the record calls loaded is there: known of this instance, believed of others. */
  holds(iid: string, modelId: string): boolean;
};

export const NOT_FOUND_STATUS: ModelStatusInfo = { status: 'NOT_FOUND', errors: [], copies: [] };

export function liveCopies(record: ModelRecord, liveness: Liveness): readonly string[] {
  return Object.keys(record.instanceIds).filter((iid) => liveness.isLive(iid));
}

export function isLoaded(modelId: string, record: ModelRecord, liveness: Liveness): boolean {
  return liveCopies(record, liveness).some((iid) => isLoadedOn(record, iid) && liveness.holds(iid, modelId));
}

function statusOf(modelId: string, record: ModelRecord, liveness: Liveness): ModelStatus {
  if (isLoaded(modelId, record, liveness)) return 'LOADED';
  if (liveCopies(record, liveness).length > 0) return 'LOADING';
  return Object.keys(record.failedIn).length > 0 ? 'LOADING_FAILED' : 'NOT_LOADED';
}

/**
 * What a status call answers. Copies of dead instances count as absent. A copy is listed as UNKNOWN, as the original does,
 * also when it is loaded; errors are listed also when the model is loaded. Newest first.
 */
export function modelStatus(modelId: string, record: ModelRecord, liveness: Liveness): ModelStatusInfo {
  const held = liveCopies(record, liveness).map((location) => ({
    location,
    status: 'UNKNOWN' as ModelStatus,
    time: record.instanceIds[location] ?? 0,
  }));
  const failed = Object.entries(record.failedIn).map(([location, time]) => ({
    location,
    status: 'LOADING_FAILED' as ModelStatus,
    time,
  }));
  const newestFirst = (left: { readonly time: number }, right: { readonly time: number }) => right.time - left.time;
  failed.sort(newestFirst);
  return {
    status: statusOf(modelId, record, liveness),
    errors: failed.flatMap(({ location }) => record.fails[location]?.msg ?? []),
    copies: [...held, ...failed].sort(newestFirst),
  };
}
