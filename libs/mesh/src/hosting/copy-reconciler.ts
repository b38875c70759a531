import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { LoadCause } from '@meshkeeper/placement';
import type { Cluster } from '../records/cluster.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';
import { isLoadedOn } from '../rules/model-record.ts';
import { assign, evicted, loaded, loadFailed } from '../rules/models.ts';
import { LAST_CALLS_MS, type CopyTable } from './copy-table.ts';
import { Copy } from './copy.ts';
import type { Host } from './host.ts';

export type CopyReconcilerOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly instanceId: string;
  readonly now: () => number;
  /** True while the runtime is away and has not yet reported that it is back, empty. */
  readonly isRuntimeGone: () => boolean;
};

/** Compares the registry's record of a model with the copy on this instance, and makes one follow the other. */
export class CopyReconciler {
  readonly #options: CopyReconcilerOptions;
  readonly #table: CopyTable;
  readonly #host: Host;

  constructor(options: CopyReconcilerOptions, table: CopyTable, host: Host) {
    this.#options = options;
    this.#table = table;
    this.#host = host;
  }

  /** Loads or drops the copy as the record says, or publishes to the record what became of the copy. */
  async reconcile(modelId: string): Promise<void> {
    const { view, instanceId } = this.#options;
    const stored = view.tables.registry.get(modelId);
    // A record that cannot be decoded is treated as unknown: a loaded copy stays.
    if (stored?.kind === 'malformed') return;
    const record = stored?.record;
    const start = record?.instanceIds[instanceId];
    const copy = this.#table.get(modelId);
    if (copy !== undefined && copy.start !== start) this.#unassign(copy);
    this.#table.wakeWaiters(modelId);
    if (record === undefined || start === undefined) return;
    this.#host.touch(modelId, Number(record.lu));
    if (copy?.start === start) await this.#publishOutcome(copy, record);
    else if (isLoadedOn(record, instanceId)) await this.#reassignToSelf(modelId, start);
    else this.#begin(modelId, record, start, 'background');
  }

  /** Loads a copy again that the runtime has lost. The record still assigns it to this instance and need not change. */
  reload(copy: Copy): void {
    const stored = this.#options.view.tables.registry.get(copy.id);
    this.#table.remove(copy);
    this.#host.lost(copy.id);
    if (stored?.kind === 'record') this.#begin(copy.id, stored.record, copy.start, 'request');
  }

  /** Gives up a copy that the runtime no longer has, so that it may be loaded elsewhere. */
  evictLocally(copy: Copy): void {
    if (copy.state.kind === 'failed') return;
    this.#table.evictLocally(copy);
    this.#host.lost(copy.id);
  }

  #unassign(copy: Copy): void {
    this.#table.remove(copy);
    copy.markPublished();
    if (copy.state.kind === 'coming' || copy.state.kind === 'loaded')
      this.#host.drop(copy.id, copy.drain(LAST_CALLS_MS));
  }

  #begin(modelId: string, record: ModelRecord, start: number, cause: LoadCause): void {
    const lastUsed = Number(record.lu);
    const copy = new Copy(modelId, start, lastUsed);
    this.#table.add(copy);
    const { type, mPath: path, encKey: key } = record;
    // A server that is restarting may accept a load before it reports that it is back, and then drops it.
    if (this.#options.isRuntimeGone()) this.evictLocally(copy);
    else this.#host.add({ id: modelId, type, path, key, lastUsed }, cause);
    this.#table.wakeWaiters(modelId);
  }

  /** The record reports a loaded copy that this process does not have. A new assignment says so before it is loaded again. */
  async #reassignToSelf(modelId: string, start: number): Promise<void> {
    const { store, instanceId, now } = this.#options;
    await changeModel(store, modelId, (record) =>
      record.instanceIds[instanceId] === start ? assign(record, instanceId, Math.max(now(), start + 1)) : undefined,
    );
  }

  /** Writes the copy's final state to the record, once. */
  async #publishOutcome(copy: Copy, seen: ModelRecord): Promise<void> {
    const { store, instanceId, now, cluster } = this.#options;
    const { state, start, id } = copy;
    if (state.kind === 'coming' || (state.kind === 'loaded' && isLoadedOn(seen, instanceId))) return;
    await changeModel(store, id, (record) => {
      if (record.instanceIds[instanceId] !== start) return undefined;
      if (state.kind === 'evicted') return evicted(record, instanceId, state.lastUsed, now());
      if (state.kind === 'failed')
        return loadFailed(id, record, instanceId, state.message, cluster.loadContext(record, { backoffMs: 0 }));
      return isLoadedOn(record, instanceId) ? undefined : loaded(record, instanceId, Math.max(state.at, start));
    });
    copy.markPublished();
    if (state.kind !== 'loaded') this.#table.remove(copy);
  }
}
