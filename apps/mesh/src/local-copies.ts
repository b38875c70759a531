import { messageOf } from '@meshkeeper/domain';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { Logger } from '@meshkeeper/telemetry';
import type { Cluster } from './cluster.ts';
import type { ClusterView } from './cluster-view.ts';
import { createKeyedRuns } from './keyed-runs.ts';
import type { MeshMetrics } from './metrics.ts';
import type { ModelRuntime } from './model-runtime.ts';
import { assign, isLoadedOn, loaded, loadFailed } from './models.ts';
import { changeModel, type RecordStore } from './record-store.ts';

/** One copy in this instance's runtime. `start` is the assignment in the registry that it belongs to. */
type Copy = { readonly start: number; readonly abort: AbortController; state: CopyState };

type CopyState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded'; readonly at: number; readonly sizeBytes: number }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Brings this instance's runtime to what the registry says of it, and tells the registry how loads ended. Level-triggered:
 * any change of a record that names us, or named us, is looked at anew.
 */
export type LocalCopies = {
  holds(modelId: string): boolean;
  summary(): { readonly count: number; readonly loading: number; readonly usedBytes: number };
  stop(): Promise<void>;
};

export type LocalCopiesOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly runtime: ModelRuntime;
  readonly instanceId: string;
  readonly now: () => number;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  /** The summary changed. */
  readonly changed: () => void;
};

export function startLocalCopies(options: LocalCopiesOptions): LocalCopies {
  const { view, instanceId } = options;
  const copies = new Map<string, Copy>();
  const runs = createKeyedRuns('local copy', (modelId) => settle(modelId), options.logger);
  const settle = (modelId: string) => settleCopy(modelId, copies, options, () => runs.request(modelId));
  const unsubscribe = view.onChange((changed) => {
    for (const { table, id } of changed) {
      if (table === 'registry' && (copies.has(id) || view.copiesOn(instanceId).has(id))) runs.request(id);
    }
  });
  for (const id of view.copiesOn(instanceId)) runs.request(id);
  return {
    holds: (modelId) => copies.get(modelId)?.state.kind === 'loaded',
    summary: () => {
      const states = [...copies.values()].map(({ state }) => state);
      const usedBytes = states.reduce((sum, state) => sum + (state.kind === 'loaded' ? state.sizeBytes : 0), 0);
      return { count: copies.size, loading: states.filter(({ kind }) => kind === 'loading').length, usedBytes };
    },
    stop: async () => {
      unsubscribe();
      await runs.stop();
      for (const { abort } of copies.values()) abort.abort();
    },
  };
}

type Copies = Map<string, Copy>;

async function settleCopy(
  modelId: string,
  copies: Copies,
  options: LocalCopiesOptions,
  again: () => void,
): Promise<void> {
  const stored = options.view.tables.registry.get(modelId);
  // Of a record that cannot be read nothing is known: what is loaded stays.
  if (stored?.kind === 'malformed') return;
  const record = stored?.record;
  const start = record?.instanceIds[options.instanceId];
  if (copies.has(modelId) && copies.get(modelId)?.start !== start) drop(modelId, copies, options);
  if (record === undefined || start === undefined) return;
  const copy = copies.get(modelId);
  if (copy !== undefined) await report(modelId, copy, copies, record, options);
  else if (isLoadedOn(record, options.instanceId)) await takeUpAgain(modelId, start, options);
  else begin(modelId, record, start, copies, options, again);
}

/** The record speaks of a copy that an earlier process of this id had. It is loaded anew, and said so first. */
async function takeUpAgain(
  modelId: string,
  start: number,
  { store, instanceId, now }: LocalCopiesOptions,
): Promise<void> {
  await changeModel(store, modelId, (record) =>
    record.instanceIds[instanceId] === start ? assign(record, instanceId, Math.max(now(), start + 1)) : undefined,
  );
}

function begin(
  modelId: string,
  record: ModelRecord,
  start: number,
  copies: Copies,
  options: LocalCopiesOptions,
  again: () => void,
): void {
  const { runtime, now, metrics, changed, logger } = options;
  const copy: Copy = { start, abort: new AbortController(), state: { kind: 'loading' } };
  copies.set(modelId, copy);
  changed();
  const began = performance.now();
  const ended = (state: CopyState) => {
    if (copies.get(modelId) !== copy) return;
    copy.state = state;
    metrics.loadEnded(state.kind, performance.now() - began);
    logger.debug({ modelId, ...state }, 'Load ended');
    changed();
    again();
  };
  const model = { id: modelId, type: record.type, path: record.mPath, key: record.encKey };
  runtime.load(model, copy.abort.signal).then(
    ({ sizeBytes }) => ended({ kind: 'loaded', at: now(), sizeBytes }),
    (error: unknown) => ended({ kind: 'failed', message: messageOf(error) }),
  );
}

/** Nobody wants it here any more. A load under way is cancelled, and its remains unloaded. */
function drop(modelId: string, copies: Copies, { runtime, changed, logger }: LocalCopiesOptions): void {
  copies.get(modelId)?.abort.abort();
  copies.delete(modelId);
  changed();
  runtime
    .unload(modelId)
    .catch((error: unknown) => logger.warn({ modelId, reason: messageOf(error) }, 'Unload failed'));
}

/** Writes how the load ended, once. */
async function report(
  modelId: string,
  copy: Copy,
  copies: Copies,
  seen: ModelRecord,
  options: LocalCopiesOptions,
): Promise<void> {
  const { store, instanceId } = options;
  const { state, start } = copy;
  if (state.kind === 'loading' || (state.kind === 'loaded' && isLoadedOn(seen, instanceId))) return;
  await changeModel(store, modelId, (record) => {
    if (record.instanceIds[instanceId] !== start) return undefined;
    if (state.kind === 'loaded')
      return isLoadedOn(record, instanceId) ? undefined : loaded(record, instanceId, Math.max(state.at, start));
    return loadFailed(record, instanceId, state.message, options.cluster.loadContext(record, { backoffMs: 0 }));
  });
  if (state.kind !== 'failed' || copies.get(modelId) !== copy) return;
  copies.delete(modelId);
  options.changed();
}
