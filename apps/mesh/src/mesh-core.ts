import type { EtcdClient } from '@meshkeeper/modelmesh';
import type { Logger, Stoppable } from '@meshkeeper/telemetry';
import { createChangeWaiters } from './change-waiters.ts';
import type { ClusterView } from './cluster-view.ts';
import { createCluster, type Cluster } from './cluster.ts';
import { drain } from './drain.ts';
import { createLoading } from './loading.ts';
import { startLocalCopies, type LocalCopies } from './local-copies.ts';
import type { MeshMetrics } from './metrics.ts';
import { createModelCalls, type ModelCalls } from './model-calls.ts';
import type { ModelRuntime } from './model-runtime.ts';
import { isLoaded, liveCopies } from './model-status.ts';
import { pickInstance } from './pick-instance.ts';
import { startReaper } from './reaper.ts';
import { createRecordStore, type RecordStore } from './record-store.ts';
import { startTransitions } from './transitions.ts';
import { unplaceableMessage, type TypeConstraints } from './type-constraints.ts';
import { createVModelCalls, type VModelCalls } from './vmodel-calls.ts';
import type { StatusSource } from './vmodel-status.ts';
import type { VModelSnapshot } from './vmodels.ts';

export type MeshCoreOptions = {
  readonly instanceId: string;
  readonly etcd: EtcdClient;
  readonly view: ClusterView;
  readonly runtime: ModelRuntime;
  readonly constraints: () => TypeConstraints;
  readonly defaultOwner: string;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** By the local clock: see Session. */
  readonly isAlive: () => boolean;
  /** What the instance record tells changed. */
  readonly summaryChanged: () => void;
};

/** Everything between the records and the calls: joins the parts, and knows no transport but etcd's client. */
export type MeshCore = Stoppable & {
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly models: ModelCalls;
  readonly vmodels: VModelCalls;
  readonly isLeading: () => boolean;
  constraintsChanged(): void;
  drain(signal: AbortSignal): Promise<void>;
};

export function startMeshCore(options: MeshCoreOptions): MeshCore {
  const { view, now, logger, isAlive } = options;
  const store = createRecordStore(options.etcd, view);
  const waiters = createChangeWaiters(view);
  const cluster = createCluster({ ...options, holds: (modelId) => copies.holds(modelId) });
  const copies = startLocalCopies({ ...options, store, cluster, changed: options.summaryChanged });
  const loading = createLoading(store, cluster, waiters);
  const snapshot = createSnapshots(store, cluster, options);
  const statuses: StatusSource = {
    status: (id) => cluster.status(id),
    unplaceable: (id) => unplaceable(id, store, cluster),
  };
  const isLeading = () => isAlive() && cluster.isLeader();
  const transitions = startTransitions({ view, store, cluster, loading, snapshot, isLeading, now, logger });
  const reaper = startReaper({ view, store, cluster, isLeading, now, logger });
  return {
    cluster,
    copies,
    isLeading,
    models: createModelCalls({ store, cluster, loading, now }),
    vmodels: createVModelCalls({ store, cluster, loading, waiters, statuses, snapshot }),
    constraintsChanged: () => transitions.recheck(),
    drain: (signal) => drain({ view, store, cluster, waiters }, signal),
    stop: async () => {
      await Promise.all([transitions.stop(), reaper.stop()]);
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

function unplaceable(modelId: string, store: RecordStore, cluster: Cluster): string | undefined {
  const record = store.model(modelId);
  if (record === undefined) return undefined;
  const { candidates, requiredLabels } = cluster.loadContext(record, { backoffMs: 0 });
  const { kind } = pickInstance(candidates, requiredLabels, new Set());
  return kind === 'unplaceable' ? unplaceableMessage(record.type, requiredLabels) : undefined;
}
