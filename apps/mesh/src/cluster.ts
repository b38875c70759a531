import type { ModelStatusInfo } from '@meshkeeper/domain';
import type { InstanceRecord, ModelRecord } from '@meshkeeper/modelmesh';
import type { ClusterView } from './cluster-view.ts';
import { leaderOf } from './leader-latch.ts';
import type { Liveness } from './model-status.ts';
import { modelStatus, NOT_FOUND_STATUS } from './model-status.ts';
import type { LoadContext } from './models.ts';
import type { Candidate } from './pick-instance.ts';
import type { TypeConstraints } from './type-constraints.ts';

/** Set on the instance records that we write: such an instance loads what the registry names it for, and tells when it did. */
export const MARK = { meshkeeper: 1 } as const;

/** What decisions need of the view, as this instance sees it. */
export type Cluster = {
  readonly instanceId: string;
  readonly liveness: Liveness;
  /** Instances that take part in placement. The original's do not: they load only what they are called for. */
  candidates(): readonly Candidate[];
  loadContext(record: ModelRecord, options: LoadOptions): LoadContext;
  /** From the view; NOT_FOUND when it knows no such model. */
  status(modelId: string): ModelStatusInfo;
  isLeader(): boolean;
};

export type LoadOptions = { readonly backoffMs: number; readonly lastUsed?: bigint };

export type ClusterOptions = {
  readonly instanceId: string;
  readonly view: ClusterView;
  readonly constraints: () => TypeConstraints;
  /** Whether this instance has the model loaded. */
  readonly holds: (modelId: string) => boolean;
  readonly now: () => number;
};

export function createCluster({ instanceId, view, constraints, holds, now }: ClusterOptions): Cluster {
  const instance = (iid: string): InstanceRecord | undefined => {
    const stored = view.tables.instances.get(iid);
    return stored?.kind === 'record' ? stored.record : undefined;
  };
  const liveness: Liveness = {
    // Our own copies serve on while etcd is away and our lease with it.
    isLive: (iid) => iid === instanceId || instance(iid) !== undefined,
    tellsLoads: (iid) => iid === instanceId || isOurs(instance(iid)),
    holds: (iid, modelId) => iid !== instanceId || holds(modelId),
  };
  const candidates = () =>
    [...view.tables.instances.keys()].flatMap((iid): readonly Candidate[] => {
      const record = instance(iid);
      if (record === undefined || !isOurs(record)) return [];
      return [{ iid, labels: record.labels, draining: record.shutdown, models: view.copiesOn(iid).size }];
    });
  return {
    instanceId,
    liveness,
    candidates,
    loadContext: ({ type }, options) => ({
      ...options,
      now: now(),
      candidates: candidates(),
      requiredLabels: constraints().requiredLabels(type),
    }),
    status: (modelId) => {
      const stored = view.tables.registry.get(modelId);
      return stored?.kind === 'record' ? modelStatus(modelId, stored.record, liveness) : NOT_FOUND_STATUS;
    },
    isLeader: () => leaderOf(view.tables.leaderLatch) === instanceId,
  };
}

function isOurs(record: InstanceRecord | undefined): boolean {
  return record !== undefined && Object.hasOwn(record.extra, 'meshkeeper');
}
