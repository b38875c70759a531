import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { LocalCopies } from '../hosting/local-copies.ts';
import type { Cluster } from '../records/cluster.ts';
import { isLoadedOn } from '../rules/model-record.ts';
import type { LocalCalls } from './local-calls.ts';
import type { Peers } from './peers.ts';
import type { ReachableCopy } from './pick-copy.ts';

export type Reach = {
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly peers: Peers;
  readonly local: Pick<LocalCalls, 'inFlight'>;
};

/** The copies of a model that a call can be sent to now: by its record, and by what is known of the instances. */
export function reachableCopies(
  modelId: string,
  record: ModelRecord,
  avoid: ReadonlySet<string>,
  { cluster, copies, peers, local }: Reach,
): readonly ReachableCopy[] {
  const me = cluster.instanceId;
  const own = copies.get(modelId);
  return Object.entries(record.instanceIds).flatMap(([iid, since]): readonly ReachableCopy[] => {
    if (avoid.has(iid)) return [];
    if (iid !== me) {
      if (!peers.isReachable(iid)) return [];
      const isLoaded = isLoadedOn(record, iid);
      return [
        { iid, isLocal: false, isLoaded, since, inFlight: peers.inFlight(iid), lastCalled: peers.lastCalled(iid) },
      ];
    }
    if (own?.state.kind === 'evicted' || own?.state.kind === 'failed') return [];
    const isLoaded = own?.state.kind === 'loaded';
    return [{ iid, isLocal: true, isLoaded, since, inFlight: local.inFlight(), lastCalled: own?.lastUsed ?? 0 }];
  });
}
