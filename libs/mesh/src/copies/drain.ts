import { CallError } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ChangeWaiters } from '../records/change-waiters.ts';
import type { Cluster } from '../records/cluster.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import { isLoaded, type Liveness } from '../rules/model-status.ts';
import { assign, evicted, placeCopy } from '../rules/models.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';

export type DrainOptions = {
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly waiters: ChangeWaiters;
  readonly now: () => number;
};

/** Concurrent hand-overs: each is a few writes and then a wait. */
const WIDTH = 64;

/**
 * Hands this instance's copies to others, the most recently used first, until `signal` ends it. Its own copy goes only once
 * another one serves, so that no request has to wait; without an instance to take it, it is dropped immediately. Its instance record must
 * say `shutdown` already.
 */
export async function drain(options: DrainOptions, signal: AbortSignal): Promise<void> {
  const done = new Set<string>();
  // An instance that drains at the same time, and has not seen that we do, may hand over to us in the meantime.
  for (let left = copiesLeft(options, done); left.length > 0 && !signal.aborted; left = copiesLeft(options, done)) {
    const work = async () => {
      for (let id = left.shift(); id !== undefined && !signal.aborted; id = left.shift()) {
        done.add(id);
        await handOver(id, options, signal).catch((error: unknown) => {
          // Gone or unreachable: what is left shows as absent once our record is gone.
          if (!(error instanceof CallError) && !signal.aborted) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, work));
  }
}

function copiesLeft({ copies }: DrainOptions, done: ReadonlySet<string>): string[] {
  return [...copies.all()]
    .filter(({ id }) => !done.has(id))
    .sort((left, right) => right.lastUsed - left.lastUsed)
    .map(({ id }) => id);
}

async function handOver(id: string, options: DrainOptions, signal: AbortSignal): Promise<void> {
  const { store, cluster, copies, waiters, now } = options;
  const me = cluster.instanceId;
  const others: Liveness = { ...cluster.liveness, isLive: (iid) => iid !== me && cluster.liveness.isLive(iid) };
  const takers = (record: ModelRecord) => Object.keys(record.instanceIds).filter((iid) => others.isLive(iid));
  const assigned = await changeModel(store, id, (record) =>
    takers(record).length > 0 ? undefined : withReplacement(id, record, cluster),
  );
  if (assigned !== undefined && takers(assigned).length > 0) {
    const arrived = () => {
      const record = store.model(id);
      return record === undefined || isLoaded(id, record, others) || takers(record).length === 0 ? true : undefined;
    };
    await waiters.until([{ table: 'registry', id }], arrived, signal);
  }
  const lastUsed = copies.get(id)?.lastUsed ?? 0;
  await changeModel(store, id, (record) =>
    record.instanceIds[me] === undefined ? undefined : evicted(record, me, lastUsed, now()),
  );
}

function withReplacement(id: string, record: ModelRecord, cluster: Cluster): ModelRecord | undefined {
  const avoid = new Set([cluster.instanceId]);
  const context = cluster.loadContext(record, { backoffMs: 0, avoid });
  const place = placeCopy(id, record, context);
  return place.kind === 'placed' ? assign(record, place.instance, context.now) : undefined;
}
