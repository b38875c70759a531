import type { EtcdClient } from '@meshkeeper/etcd';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { createChangeWaiters } from '../records/change-waiters.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import { createCluster, type Cluster } from '../records/cluster.ts';
import { startCopyPlanner } from '../copies/copy-planner.ts';
import { drain } from '../copies/drain.ts';
import { startLocalCopies, type LocalCopies } from '../hosting/local-copies.ts';
import { createLoading, type Loading } from '../copies/loading.ts';
import type { MeshMetrics } from '../metrics/metrics.ts';
import { createModelCalls, type ModelCalls } from '../api/model-calls.ts';
import { isLoaded, liveCopies } from '../rules/model-status.ts';
import { noPlaceMessage, placeCopy } from '../rules/models.ts';
import { startReaper } from '../copies/reaper.ts';
import { createRecordStore, type RecordStore } from '../records/record-store.ts';
import { ownLimits } from '../rules/host-limits.ts';
import type { ModelRuntime } from '../runtime/model-runtime.ts';
import { startTransitions } from '../copies/transitions.ts';
import type { TypeConstraints } from '../rules/type-constraints.ts';
import { createVModelCalls, type VModelCalls } from '../api/vmodel-calls.ts';
import type { StatusSource } from '../rules/vmodel-status.ts';
import type { VModelSnapshot } from '../rules/vmodels.ts';

export type MeshCoreOptions = {
  readonly instanceId: string;
  readonly etcd: EtcdClient;
  readonly view: ClusterView;
  readonly runtime: ModelRuntime;
  readonly constraints: () => TypeConstraints;
  readonly defaultOwner: string;
  readonly scaleUpRpm: () => number;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** By the local clock: see Session. */
  readonly isAlive: () => boolean;
  readonly runtimeLost: () => void;
  readonly isRuntimeGone: () => boolean;
  readonly silent: () => ReadonlySet<string>;
  /** Called when the content of the instance record changes. */
  readonly summaryChanged: () => void;
};

/** Everything between the records and the calls: joins the parts, and knows no transport but etcd's client. */
export type MeshCore = Stoppable & {
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly loading: Loading;
  readonly models: ModelCalls;
  readonly vmodels: VModelCalls;
  readonly isLeading: () => boolean;
  /** Waits until a model's record is known up to a revision; at most for a moment, since it may be gone by then. */
  readonly caughtUp: (modelId: string, revision: bigint) => Promise<void>;
  constraintsChanged(): void;
  drain(signal: AbortSignal): Promise<void>;
};

/** What another instance has just written is here within milliseconds, or etcd is away. */
const CATCH_UP_MS = 1_000;

export function startMeshCore(options: MeshCoreOptions): MeshCore {
  const { view, now, logger, isAlive } = options;
  const store = createRecordStore(options.etcd, view);
  const waiters = createChangeWaiters(view);
  const cluster = createCluster({
    ...options,
    limits: ownLimits(options.runtime.facts),
    unitsOf: (type) => copies.host.units('', type),
    holds: (modelId) => copies.holds(modelId),
    summary: () => copies.summary(),
  });
  const copies = startLocalCopies({ ...options, store, cluster, changed: options.summaryChanged });
  const loading = createLoading(store, cluster, waiters);
  const snapshot = createSnapshots(store, cluster, options);
  const statuses: StatusSource = {
    status: (id) => cluster.status(id),
    unplaceable: (id) => unplaceable(id, store, cluster),
  };
  const isLeading = () => isAlive() && cluster.isLeader();
  const transitions = startTransitions({ view, store, cluster, loading, snapshot, isLeading, now, logger });
  const reaper = startReaper({ view, store, cluster, copies, loading, isLeading, now, logger });
  const planner = startCopyPlanner({ ...options, store, cluster, copies });
  const known = (modelId: string): bigint | undefined => view.tables.registry.get(modelId)?.modRevision;
  return {
    store,
    cluster,
    copies,
    loading,
    isLeading,
    models: createModelCalls({ store, cluster, loading, now }),
    vmodels: createVModelCalls({ store, cluster, loading, waiters, statuses, snapshot }),
    caughtUp: async (modelId, revision) => {
      if ((known(modelId) ?? 0n) >= revision) return;
      const refs = [{ table: 'registry', id: modelId }] as const;
      const check = () => ((known(modelId) ?? 0n) >= revision ? true : undefined);
      await waiters.until(refs, check, AbortSignal.timeout(CATCH_UP_MS)).catch(() => undefined);
    },
    constraintsChanged: () => transitions.recheck(),
    drain: (signal) => drain({ store, cluster, copies, waiters, now }, signal),
    stop: async () => {
      await Promise.all([transitions.stop(), reaper.stop(), planner.stop()]);
      await copies.stop();
    },
  };
}

/** What a decision about a vmodel sees: always the records as they are when it is made. */
function createSnapshots(store: RecordStore, cluster: Cluster, { defaultOwner, now }: MeshCoreOptions) {
  return (vModelId: string): VModelSnapshot => ({
    now: now(),
    defaultOwner,
    vmodel: store.vmodel(vModelId),
    model: (id) => store.model(id),
    liveCopies: (id) => {
      const record = store.model(id);
      return record === undefined ? 0 : liveCopies(record, cluster.liveness).length;
    },
    isLoaded: (id) => {
      const record = store.model(id);
      return record !== undefined && isLoaded(id, record, cluster.liveness);
    },
  });
}

/** Why no instance may hold a model; failures are reported elsewhere. */
function unplaceable(modelId: string, store: RecordStore, cluster: Cluster): string | undefined {
  const record = store.model(modelId);
  if (record === undefined) return undefined;
  const context = cluster.loadContext(record, { backoffMs: 0 });
  const place = placeCopy(modelId, { ...record, failedIn: {}, instanceIds: {} }, context);
  return place.kind === 'none' ? noPlaceMessage(record.type, place.reason, context) : undefined;
}
