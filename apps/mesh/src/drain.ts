import { CallError } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ChangeWaiters } from './change-waiters.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Cluster } from './cluster.ts';
import { isLoaded, type Liveness } from './model-status.ts';
import { assign, withoutCopy } from './models.ts';
import { pickInstance } from './pick-instance.ts';
import { changeModel, type RecordStore } from './record-store.ts';

export type DrainOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly waiters: ChangeWaiters;
};

/** Hand-overs at once: each is a few writes and then a wait. */
const WIDTH = 64;

/**
 * Hands this instance's copies to others, the most recently used first, until `signal` ends it. Its own copy goes only once
 * another one is loaded, so that no request has to wait; with nobody to take it, it goes at once. Its instance record must
 * say `shutdown` already.
 */
export async function drain(options: DrainOptions, signal: AbortSignal): Promise<void> {
  const { view, cluster } = options;
  const queue = [...view.copiesOn(cluster.instanceId)].sort((left, right) =>
    Number(lastUsed(view, right) - lastUsed(view, left)),
  );
  const work = async () => {
    for (let id = queue.shift(); id !== undefined && !signal.aborted; id = queue.shift()) {
      await handOver(id, options, signal).catch((error: unknown) => {
        // Gone or unreachable: what is left shows as absent once our record is gone.
        if (!(error instanceof CallError) && !signal.aborted) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
}

function lastUsed(view: ClusterView, id: string): bigint {
  const stored = view.tables.registry.get(id);
  return stored?.kind === 'record' ? stored.record.lu : 0n;
}

async function handOver(id: string, { store, cluster, waiters }: DrainOptions, signal: AbortSignal): Promise<void> {
  const me = cluster.instanceId;
  const others: Liveness = { ...cluster.liveness, isLive: (iid) => iid !== me && cluster.liveness.isLive(iid) };
  const assigned = await changeModel(store, id, (record) => withReplacement(record, cluster));
  const taken = assigned !== undefined && Object.keys(assigned.instanceIds).some((iid) => others.isLive(iid));
  if (taken) {
    const arrived = () => {
      const record = store.model(id);
      return record === undefined ||
        isLoaded(id, record, others) ||
        !Object.keys(record.instanceIds).some((iid) => others.isLive(iid))
        ? true
        : undefined;
    };
    await waiters.until([{ table: 'registry', id }], arrived, signal);
  }
  await changeModel(store, id, (record) =>
    record.instanceIds[me] === undefined ? undefined : withoutCopy(record, me),
  );
}

function withReplacement(record: ModelRecord, cluster: Cluster): ModelRecord | undefined {
  const { candidates, requiredLabels, now } = cluster.loadContext(record, { backoffMs: 0 });
  const others = candidates.filter(({ iid }) => iid !== cluster.instanceId);
  if (others.some(({ iid }) => record.instanceIds[iid] !== undefined)) return undefined;
  const pick = pickInstance(others, requiredLabels, new Set(Object.keys(record.failedIn)));
  return pick.kind === 'picked' ? assign(record, pick.iid, now) : undefined;
}
