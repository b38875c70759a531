import type { ModelStatusInfo } from '@meshkeeper/domain';
import type { InstanceRecord, ModelRecord } from '@meshkeeper/modelmesh';
import type { ClusterView as PlacementView } from '@meshkeeper/placement';
import { instanceOf, type ClusterView, type Stored } from './cluster-view.ts';
import { modelStatus, NOT_FOUND_STATUS, type Liveness } from '../rules/model-status.ts';
import type { HostSummary } from '../rules/host-limits.ts';
import type { LoadContext } from '../rules/models.ts';
import { isOurs } from '../rules/instance-mark.ts';
import { placementView, type OwnLimits } from './placement-view.ts';
import type { TypeConstraints } from '../rules/type-constraints.ts';

/** What decisions need of the view, as this instance sees it. */
export type Cluster = {
  readonly instanceId: string;
  /** By the records. */
  readonly liveness: Liveness;
  /** Instances of ours: the original's load only what they are called for. */
  placement(): PlacementView;
  loadContext(record: ModelRecord, options: LoadOptions): LoadContext;
  /** From the view; NOT_FOUND when it knows no such model. */
  status(modelId: string): ModelStatusInfo;
  isLeader(): boolean;
};

export type LoadOptions = Pick<LoadContext, 'backoffMs' | 'lastUsed' | 'avoid'>;

export type ClusterOptions = {
  readonly instanceId: string;
  readonly view: ClusterView;
  readonly constraints: () => TypeConstraints;
  readonly limits: OwnLimits;
  /** How large a model of a type will be, in units. */
  readonly unitsOf: (type: string) => number;
  readonly summary: () => HostSummary;
  /** Instances that do not answer, although their records stand. */
  readonly silent: () => ReadonlySet<string>;
  /** Whether this instance has the model loaded. */
  readonly holds: (modelId: string) => boolean;
  readonly now: () => number;
};

export function createCluster(options: ClusterOptions): Cluster {
  const { instanceId, view, holds, now } = options;
  const instance = (iid: string): InstanceRecord | undefined => instanceOf(view, iid);
  const liveness: Liveness = {
    // Our own copies serve on while etcd is away and our lease with it. Copies of the original's instances count as absent.
    isLive: (iid) => {
      const record = iid === instanceId ? undefined : instance(iid);
      return iid === instanceId || (record !== undefined && isOurs(record));
    },
    holds: (iid, modelId) => iid !== instanceId || holds(modelId),
  };
  const answering: Liveness = { ...liveness, isLive: (iid) => liveness.isLive(iid) && !options.silent().has(iid) };
  const own = { id: instanceId, summary: options.summary };
  const placement = () => placementView(view, options.constraints(), options.limits, own);
  return {
    instanceId,
    liveness,
    placement,
    loadContext: ({ type }, load) => ({
      ...load,
      avoid: new Set([...(load.avoid ?? []), ...options.silent()]),
      now: now(),
      view: placement(),
      units: options.unitsOf(type),
    }),
    status: (modelId) => {
      const stored = view.tables.registry.get(modelId);
      return stored?.kind === 'record' ? modelStatus(modelId, stored.record, answering) : NOT_FOUND_STATUS;
    },
    isLeader: () => leaderOf(view.tables.leaderLatch) === instanceId,
  };
}

/** The leader is whose latch was created first; ids carry a leading `_`. Undefined while there is none. */
export function leaderOf(latches: ReadonlyMap<string, Stored<string>>): string | undefined {
  const [first, ...others] = latches;
  if (first === undefined) return undefined;
  const [id] = others.reduce(
    (oldest, latch) => (latch[1].createRevision < oldest[1].createRevision ? latch : oldest),
    first,
  );
  return id.replace(/^_/, '');
}
