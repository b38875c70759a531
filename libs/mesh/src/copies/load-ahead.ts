import { COPY_SETTINGS, planCopies, type CopiedModel } from '@meshkeeper/placement';
import type { Logger } from '@meshkeeper/process';
import type { ClusterView } from '../records/cluster-view.ts';
import type { Cluster } from '../records/cluster.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import { liveCopies } from '../rules/model-status.ts';
import { assign } from '../rules/models.ts';
import { modelView } from '../rules/model-view.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';

export type AheadOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly now: () => number;
  readonly logger: Logger;
};

/** Loads models that have no copy, the most recently used first, as far as there is spare space. */
export async function loadAhead({ view, store, cluster, copies, now, logger }: AheadOptions): Promise<void> {
  const idle = [...view.tables.registry].flatMap(([id, stored]): readonly CopiedModel[] => {
    if (stored.kind !== 'record' || liveCopies(stored.record, cluster.liveness).length > 0) return [];
    const { record } = stored;
    const seen = modelView(id, record, copies.host.units(id, record.type), () => false);
    return [{ ...seen, rpm: 0, wanted: false }];
  });
  if (idle.length === 0) return;
  const { changes } = planCopies(cluster.placement(), idle, now(), { ...COPY_SETTINGS, aheadOfUse: true });
  for (const { model, instance } of changes) {
    await changeModel(store, model, (record) =>
      liveCopies(record, cluster.liveness).length > 0 ? undefined : assign(record, instance, now()),
    );
  }
  if (changes.length > 0) logger.info({ models: changes.length }, 'Loaded ahead of use');
}
