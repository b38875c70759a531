import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ClusterView } from '../records/cluster-view.ts';
import type { Cluster } from '../records/cluster.ts';
import { without } from '../rules/model-record.ts';
import { withoutCopy } from '../rules/models.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';

/** Before, the instance may come back and take its copies up again. */
const GONE_MS = 600_000;
/** As the original keeps failures. */
const FAILURE_MS = 900_000;

/** A record without the copies of instances that are gone, and without old failures; the same record when nothing is. */
export function pruned(record: ModelRecord, isGone: (iid: string) => boolean, now: number): ModelRecord {
  const gone = Object.keys(record.instanceIds).filter(isGone);
  const expired = Object.entries(record.failedIn).filter(([, time]) => now - time >= FAILURE_MS);
  const kept = gone.reduce(withoutCopy, record);
  return expired.reduce(
    (rest, [iid]) => ({ ...rest, failedIn: without(rest.failedIn, iid), fails: without(rest.fails, iid) }),
    kept,
  );
}

export type PruneOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly now: () => number;
};

/** Since when instances that the registry names are gone; kept by every instance, for when it leads. */
export type GoneSince = Map<string, number>;

/** Any record counts as there, the original's too: what it holds is left alone. */
export function noteGone(goneSince: GoneSince, { view, now }: PruneOptions): void {
  const isThere = (iid: string): boolean => view.tables.instances.has(iid);
  const named = new Set(
    [...view.tables.registry.values()].flatMap((stored) =>
      stored.kind === 'record' ? Object.keys(stored.record.instanceIds) : [],
    ),
  );
  for (const iid of goneSince.keys()) if (!named.has(iid) || isThere(iid)) goneSince.delete(iid);
  for (const iid of named) if (!isThere(iid) && !goneSince.has(iid)) goneSince.set(iid, now());
}

export async function prune(goneSince: GoneSince, { view, store, now }: PruneOptions): Promise<void> {
  const isGone = (iid: string): boolean => now() - (goneSince.get(iid) ?? Infinity) >= GONE_MS;
  for (const [id, stored] of view.tables.registry) {
    if (stored.kind !== 'record' || pruned(stored.record, isGone, now()) === stored.record) continue;
    await changeModel(store, id, (record) => {
      const rest = pruned(record, isGone, now());
      return rest === record ? undefined : rest;
    });
  }
}
