import { messageOf } from '@meshkeeper/domain';
import { COPY_SETTINGS, planCopies, type CopiedModel, type CopyChange } from '@meshkeeper/placement';
import type { Logger } from '@meshkeeper/process';
import type { Cluster } from '../records/cluster.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import type { Copy } from '../hosting/copy.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import { isLoadedOn } from '../rules/model-record.ts';
import { assign, evicted } from '../rules/models.ts';
import { modelView } from '../rules/model-view.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';

export type CopyPlannerOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  /** Requests a minute for which one copy is enough. */
  readonly scaleUpRpm: () => number;
  readonly now: () => number;
  readonly logger: Logger;
};

/** As often as the original looks at request rates. */
const PASS_MS = 10_000;

/**
 * Further copies of what this instance has, and fewer: each holder plans for its own models, as only it knows how they are used. It gives
 * up no copy but its own.
 */
export function startCopyPlanner(options: CopyPlannerOptions): { stop(): Promise<void> } {
  let pass: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    pass = pass
      .then(() => planOwnCopies(options))
      .catch((error: unknown) => {
        options.logger.warn({ reason: messageOf(error) }, 'Copies could not be planned');
      });
  }, PASS_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await pass;
    },
  };
}

async function planOwnCopies(options: CopyPlannerOptions): Promise<void> {
  const { cluster, copies, scaleUpRpm, now } = options;
  const models = [...copies.all()].flatMap((copy) => copiedModel(copy, options) ?? []);
  const plan = planCopies(cluster.placement(), models, now(), { ...COPY_SETTINGS, scaleUpRpm: scaleUpRpm() });
  for (const change of plan.changes) {
    if (change.kind === 'remove' && change.instance !== cluster.instanceId) continue;
    await carryOut(change, options);
  }
}

/** Requests are spread evenly over the copies, so the local rate gives the rate of all. */
function copiedModel(copy: Copy, { view, cluster, copies, now }: CopyPlannerOptions): CopiedModel | undefined {
  const stored = view.tables.registry.get(copy.id);
  if (copy.state.kind !== 'loaded' || stored?.kind !== 'record') return undefined;
  const { record } = stored;
  const seen = modelView(copy.id, record, copies.host.units(copy.id, record.type), (iid) =>
    cluster.liveness.isLive(iid),
  );
  const loaded = seen.copies.filter(({ instance }) => isLoadedOn(record, instance)).length;
  const rpm = copy.rate.perMinute(now()) * Math.max(1, loaded);
  const lastUnload = record.lul === 0n ? undefined : Number(record.lul);
  return { ...seen, lastUsed: copy.lastUsed, use: copy.use, rpm, lastUnload, wanted: false };
}

/** Only if the record is still the one that the plan saw: the copy that a removal rests on may be gone by now. */
async function carryOut(
  change: CopyChange,
  { view, store, cluster, copies, now, logger }: CopyPlannerOptions,
): Promise<void> {
  const { model, instance, kind, reason } = change;
  const seen = view.tables.registry.get(model)?.modRevision;
  let isDone = false;
  await changeModel(store, model, (record) => {
    if (view.tables.registry.get(model)?.modRevision !== seen) return undefined;
    isDone = true;
    if (kind === 'add') return assign(record, instance, now());
    return evicted(record, cluster.instanceId, copies.get(model)?.lastUsed ?? 0, now());
  });
  if (isDone) logger.info({ modelId: model, instance, reason }, kind === 'add' ? 'A further copy' : 'One copy fewer');
}
