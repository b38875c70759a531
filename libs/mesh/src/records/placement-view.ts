import { NO_LRU_TIME, type InstanceRecord } from '@meshkeeper/modelmesh';
import type { ClusterView as PlacementView, InstanceView, TypeRules } from '@meshkeeper/placement';
import type { ClusterView } from './cluster-view.ts';
import type { HostSummary } from '../rules/host-limits.ts';
import { isOurs } from '../rules/instance-mark.ts';

/** What this instance knows of itself, and takes others of its kind to be like. */
export type OwnLimits = { readonly defaultUnits: number; readonly loadTimeoutMs: number };

/** The mesh as placement sees it: live instances of ours. Of the original's nothing can be asked. */
export function placementView(
  view: ClusterView,
  types: TypeRules,
  limits: OwnLimits,
  own: { readonly id: string; readonly summary: () => HostSummary },
): PlacementView {
  const instances = [...view.tables.instances].flatMap(([iid, stored]) => {
    if (stored.kind !== 'record' || !isOurs(stored.record)) return [];
    const seen = instanceView(iid, stored.record, view);
    return [iid === own.id ? { ...seen, ...asItIs(own.summary()) } : seen];
  });
  return { instances, types, ...limits };
}

/** Records of instances come late, so that what is known of the registry counts where it says more. */
function instanceView(iid: string, record: InstanceRecord, view: ClusterView): InstanceView {
  return {
    id: iid,
    labels: record.labels,
    zone: record.zone,
    node: record.loc,
    draining: record.shutdown,
    capacity: record.cap,
    used: record.used,
    oldestUse: record.lruTime === NO_LRU_TIME ? undefined : Number(record.lruTime),
    models: view.copiesOn(iid).size,
    threads: Math.max(1, record.lThreads),
    loading: Math.max(record.lInProg, view.loadingOn(iid)),
    rpm: record.rpm,
  };
}

/** What our own record says is up to two seconds old. */
function asItIs({ usedUnits, oldestUse, loading }: HostSummary): Pick<InstanceView, 'used' | 'oldestUse' | 'loading'> {
  return { used: usedUnits, oldestUse, loading };
}
