import type { ModelRecord, VModelRecord } from '@meshkeeper/modelmesh';
import type { Logger } from '@meshkeeper/process';
import type { Changed, ClusterView } from '../records/cluster-view.ts';
import type { Cluster } from '../records/cluster.ts';
import { createKeyedRuns } from '@meshkeeper/async';
import { retryLogger } from '../hosting/retry-logger.ts';
import type { Loading } from './loading.ts';
import { liveCopies } from '../rules/model-status.ts';
import { isLoadedOn, newestFailure } from '../rules/model-record.ts';
import { assign, placeCopy } from '../rules/models.ts';
import { changeModel, commitUntilStored, type RecordStore } from '../records/record-store.ts';
import { completeTransition, type RecordChange, type VModelSnapshot } from '../rules/vmodels.ts';

/** A failed target is tried again after so long, beside every change of its record or of the instances. */
const FAILED_RETRY_MS = 60_000;
const PASS_MS = 10_000;

export type TransitionsOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly loading: Loading;
  readonly snapshot: (vModelId: string) => VModelSnapshot;
  /** Leader, and our lease surely stands. Two leaders for a moment do no harm: every write compares revisions. */
  readonly isLeading: () => boolean;
  readonly now: () => number;
  readonly logger: Logger;
};

/**
 * Drives vmodels from the active model to the target. Runs on every instance, acts on the leader: loads the target, switches
 * when it is loaded as often as the active one or that lost its last copy, and marks the vmodel failed when the target cannot be loaded.
 * The mark goes when a retry begins. `recheck`: something changed that is in no record, such as the type constraints.
 */
export function startTransitions(options: TransitionsOptions): { recheck(): void; stop(): Promise<void> } {
  const { view } = options;
  const pending = createPending(view);
  const runs = createKeyedRuns((vModelId) => drive(vModelId, options), retryLogger(options.logger, 'transition'));
  const requestAll = () => {
    for (const vModelId of pending.all()) runs.request(vModelId);
  };
  const unsubscribe = view.onChange((changed) => {
    pending.update(changed);
    if (!options.isLeading()) return;
    if (changed.some(({ table }) => table === 'instances' || table === 'leaderLatch')) requestAll();
    for (const vModelId of pending.concernedBy(changed)) runs.request(vModelId);
  });
  const recheck = () => {
    if (options.isLeading()) requestAll();
  };
  const timer = setInterval(recheck, PASS_MS);
  return {
    recheck,
    stop: async () => {
      unsubscribe();
      clearInterval(timer);
      await runs.stop();
    },
  };
}

/** The vmodels in transition, and by which models. */
function createPending(view: ClusterView) {
  const models = new Map<string, readonly string[]>();
  const byModel = new Map<string, Set<string>>();
  const update = (vModelId: string) => {
    for (const model of models.get(vModelId) ?? []) {
      byModel.get(model)?.delete(vModelId);
      if (byModel.get(model)?.size === 0) byModel.delete(model);
    }
    models.delete(vModelId);
    const stored = view.tables.vmodels.get(vModelId);
    if (stored?.kind !== 'record' || stored.record.amid === stored.record.tmid) return;
    models.set(vModelId, [stored.record.amid, stored.record.tmid]);
    for (const model of models.get(vModelId) ?? []) byModel.set(model, (byModel.get(model) ?? new Set()).add(vModelId));
  };
  for (const vModelId of view.tables.vmodels.keys()) update(vModelId);
  return {
    all: () => [...models.keys()],
    update: (changed: readonly Changed[]) => {
      for (const { table, id } of changed) if (table === 'vmodels') update(id);
    },
    concernedBy: (changed: readonly Changed[]): ReadonlySet<string> =>
      new Set(
        changed.flatMap(({ table, id }) =>
          table === 'vmodels' ? [id] : table === 'registry' ? [...(byModel.get(id) ?? [])] : [],
        ),
      ),
  };
}

async function drive(vModelId: string, options: TransitionsOptions): Promise<void> {
  const { view, cluster, loading } = options;
  const stored = view.tables.vmodels.get(vModelId);
  if (!options.isLeading() || stored?.kind !== 'record' || stored.record.amid === stored.record.tmid) return;
  const { amid, tmid, failed } = stored.record;
  const [active, target] = [view.tables.registry.get(amid), view.tables.registry.get(tmid)];
  // Nothing can be said of a record that cannot be read; its next change wakes us.
  if (active?.kind === 'malformed' || target?.kind === 'malformed') return;
  if (target === undefined) return mark(vModelId, true, options);
  const { status } = cluster.status(tmid);
  const activeIsGone = active === undefined || liveCopies(active.record, cluster.liveness).length === 0;
  // A target that cannot be loaded does not take over from one that can.
  if (active === undefined || (activeIsGone && !failed)) return complete(vModelId, stored.record, options);
  if (status === 'LOADED') {
    const isMatched = await matchCopies(tmid, loadedCopies(active.record, cluster), options);
    return isMatched ? complete(vModelId, stored.record, options) : undefined;
  }
  if (status === 'LOADING') return failed ? mark(vModelId, false, options) : undefined;
  if (status === 'LOADING_FAILED' && !failed) return mark(vModelId, true, options);
  if (status === 'LOADING_FAILED' && options.now() - newestFailure(target.record) < FAILED_RETRY_MS) return;
  const outcome = await loading.start(tmid, { backoffMs: 0, lastUsed: active.record.lu });
  if (outcome.kind === 'unplaceable') await mark(vModelId, true, options);
}

function loadedCopies(record: ModelRecord, { liveness }: Cluster): number {
  return liveCopies(record, liveness).filter((iid) => isLoadedOn(record, iid)).length;
}

/**
 * Whether the target serves with as many copies as the active model does. Makes those that are missing; where there is no further place,
 * fewer have to do.
 */
async function matchCopies(id: string, wanted: number, { store, cluster }: TransitionsOptions): Promise<boolean> {
  const record = await changeModel(store, id, (seen) => {
    const context = cluster.loadContext(seen, { backoffMs: 0 });
    let grown = seen;
    while (liveCopies(grown, cluster.liveness).length < wanted) {
      const place = placeCopy(id, grown, context);
      if (place.kind === 'none') break;
      grown = assign(grown, place.instance, context.now);
    }
    return grown === seen ? undefined : grown;
  });
  return record === undefined || loadedCopies(record, cluster) === liveCopies(record, cluster.liveness).length;
}

/** Failed is taken back as soon as the target is tried again. */
async function mark(vModelId: string, failed: boolean, options: TransitionsOptions): Promise<void> {
  const id = vModelId;
  await commitUntilStored(options.store, () => {
    const record = options.store.vmodel(id);
    const marks = record !== undefined && record.amid !== record.tmid && record.failed !== failed;
    const isFailing = marks && !['LOADING', 'LOADED'].includes(options.cluster.status(record.tmid).status);
    const changes: readonly RecordChange[] =
      marks && isFailing === failed ? [{ table: 'vmodels', id, record: { ...record, failed } }] : [];
    return { basis: [{ table: 'vmodels', id }], changes, decision: undefined };
  });
}

/** Holds only for the transition that was looked at: another one is looked at by its own run. */
async function complete(
  vModelId: string,
  seen: VModelRecord,
  { store, snapshot, logger }: TransitionsOptions,
): Promise<void> {
  const switched = await commitUntilStored(store, () => {
    const record = store.vmodel(vModelId);
    const still = record !== undefined && record.amid === seen.amid && record.tmid === seen.tmid;
    const changes = still ? completeTransition(vModelId, record, snapshot(vModelId)) : [];
    const basis = [
      { table: 'vmodels', id: vModelId },
      { table: 'registry', id: seen.amid },
      { table: 'registry', id: seen.tmid },
    ] as const;
    return { basis, changes, decision: still };
  });
  if (switched) logger.info({ vModelId, from: seen.amid, to: seen.tmid }, 'Switched');
}
