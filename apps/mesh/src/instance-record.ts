import { NO_LRU_TIME, type InstanceRecord } from '@meshkeeper/modelmesh';
import type { ClusterView } from './cluster-view.ts';
import { MARK } from './cluster.ts';
import type { LocalCopies } from './local-copies.ts';
import type { MeshSettings } from './settings.ts';

/** `vers`: the original prefers newer builds for placement, and reads this as one. */
const BUILD_TIME = Date.UTC(2026, 0, 1);
const UNIT_BYTES = 8_192;
/** Nothing is evicted yet: 64 GiB. */
const CAPACITY_UNITS = 8_388_608;
const LOADS_AT_ONCE = 6;

export type InstanceFacts = {
  readonly settings: MeshSettings;
  readonly view: ClusterView;
  readonly startTime: number;
  readonly draining: boolean;
  readonly summary: ReturnType<LocalCopies['summary']>;
};

export function describeInstance({ settings, view, startTime, draining, summary }: InstanceFacts): InstanceRecord {
  return {
    startTime,
    vers: BUILD_TIME,
    loc: settings.location,
    zone: '',
    labels: settings.labels,
    actionable: true,
    lruTime: oldestUse(view, settings.instanceId),
    count: summary.count,
    cap: CAPACITY_UNITS,
    used: Math.ceil(summary.usedBytes / UNIT_BYTES),
    lThreads: LOADS_AT_ONCE,
    lInProg: summary.loading,
    rpm: 0,
    shutdown: draining,
    extra: MARK,
  };
}

function oldestUse(view: ClusterView, instanceId: string): bigint {
  let oldest = NO_LRU_TIME;
  for (const id of view.copiesOn(instanceId)) {
    const stored = view.tables.registry.get(id);
    if (stored?.kind === 'record' && stored.record.lu < oldest) oldest = stored.record.lu;
  }
  return oldest;
}
