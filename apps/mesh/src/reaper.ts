import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { Logger } from '@meshkeeper/telemetry';
import { messageOf } from '@meshkeeper/domain';
import type { ClusterView } from './cluster-view.ts';
import type { Cluster } from './cluster.ts';
import { without, withoutCopy } from './models.ts';
import { changeModel, type RecordStore } from './record-store.ts';

const PASS_MS = 60_000;
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

export type ReaperOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly isLeading: () => boolean;
  readonly now: () => number;
  readonly logger: Logger;
};

/** The leader clears the registry of what nobody else can clear. Every instance notes since when others are gone. */
export function startReaper(options: ReaperOptions): { stop(): Promise<void> } {
  const goneSince = new Map<string, number>();
  let pass: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    noteGone(goneSince, options);
    if (options.isLeading())
      pass = pass.then(() => prune(goneSince, options)).catch((error: unknown) => warn(error, options.logger));
  }, PASS_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await pass;
    },
  };
}

function warn(error: unknown, logger: Logger): void {
  logger.warn({ reason: messageOf(error) }, 'The registry could not be cleared of old entries');
}

function noteGone(goneSince: Map<string, number>, { view, cluster, now }: ReaperOptions): void {
  const named = new Set(
    [...view.tables.registry.values()].flatMap((stored) =>
      stored.kind === 'record' ? Object.keys(stored.record.instanceIds) : [],
    ),
  );
  for (const iid of goneSince.keys()) if (!named.has(iid) || cluster.liveness.isLive(iid)) goneSince.delete(iid);
  for (const iid of named) if (!cluster.liveness.isLive(iid) && !goneSince.has(iid)) goneSince.set(iid, now());
}

async function prune(goneSince: ReadonlyMap<string, number>, { view, store, now }: ReaperOptions): Promise<void> {
  const isGone = (iid: string) => now() - (goneSince.get(iid) ?? Infinity) >= GONE_MS;
  for (const [id, stored] of view.tables.registry) {
    if (stored.kind !== 'record' || pruned(stored.record, isGone, now()) === stored.record) continue;
    await changeModel(store, id, (record) => {
      const rest = pruned(record, isGone, now());
      return rest === record ? undefined : rest;
    });
  }
}
