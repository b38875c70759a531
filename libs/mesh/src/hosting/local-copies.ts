import { createKeyedRuns } from '@meshkeeper/async';
import type { Logger } from '@meshkeeper/process';
import type { MeshMetrics } from '../metrics/metrics.ts';
import type { HostSummary } from '../rules/host-limits.ts';
import type { ModelRuntime } from '../runtime/model-runtime.ts';
import { CopyReconciler, type CopyReconcilerOptions } from './copy-reconciler.ts';
import { CopyTable } from './copy-table.ts';
import type { Copy } from './copy.ts';
import { Host } from './host.ts';
import { retryLogger } from './retry-logger.ts';

export type LocalCopiesOptions = CopyReconcilerOptions & {
  readonly runtime: ModelRuntime;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  readonly runtimeLost: () => void;
  /** The summary changed. */
  readonly changed: () => void;
};

/**
 * Makes this instance's runtime follow the registry, and publishes to the registry how loads ended and what was evicted. A change of a record
 * that assigns a model to this instance, or did, only names a model to reconcile: a watch coalesces several changes into one, so no single
 * change can be taken as an order to load or unload.
 */
export type LocalCopies = {
  readonly host: Host;
  get(modelId: string): Copy | undefined;
  /** Loaded, and takes calls. */
  holds(modelId: string): boolean;
  all(): Iterable<Copy>;
  /** The copy that the registry assigns to this instance, as soon as its load begins; undefined when it is not assigned, or no longer. */
  expect(modelId: string, signal: AbortSignal): Promise<Copy | undefined>;
  /** Called when a request waits for the copy. */
  demand(copy: Copy): void;
  /** Called when the runtime has lost one model: it is loaded again here, and the registry need not change. */
  lost(copy: Copy): void;
  /** Called when the runtime has lost all models: they may be loaded elsewhere. */
  lostAll(): void;
  summary(): HostSummary;
  stop(): Promise<void>;
};

/** With thousands of copies at the start, other writers to etcd must not wait for all of them. */
const RUNS_AT_ONCE = 32;

export function startLocalCopies(options: LocalCopiesOptions): LocalCopies {
  const { view, instanceId, logger } = options;
  const table = new CopyTable((modelId) => runs.request(modelId), logger);
  const host = new Host({
    ...options,
    ended: (id, end) => table.loadEnded(id, end),
    evicted: (id, lastUsed) => table.onEvicted(id, lastUsed),
  });
  const reconciler = new CopyReconciler(options, table, host);
  const runs = createKeyedRuns((id) => reconciler.reconcile(id), retryLogger(logger, 'local copy'), RUNS_AT_ONCE);
  const isAssigned = (modelId: string): boolean => view.copiesOn(instanceId).has(modelId);
  const unsubscribe = view.onChange((changed) => {
    for (const { table: changedTable, id } of changed)
      if (changedTable === 'registry' && (table.get(id) !== undefined || isAssigned(id))) runs.request(id);
  });
  for (const id of view.copiesOn(instanceId)) runs.request(id);
  return {
    host,
    get: (modelId) => table.get(modelId),
    holds: (modelId) => table.get(modelId)?.state.kind === 'loaded',
    all: () => table.all(),
    expect: (modelId, signal) => table.expect(modelId, isAssigned, signal),
    demand: (copy) => {
      if (copy.wanted) return;
      copy.wanted = true;
      host.demand(copy.id);
    },
    lost: (copy) => {
      if (table.get(copy.id) === copy && copy.state.kind === 'loaded') reconciler.reload(copy);
    },
    lostAll: () => {
      for (const copy of table.all()) reconciler.evictLocally(copy);
    },
    summary: () => host.summary(),
    stop: async () => {
      unsubscribe();
      await runs.stop();
      host.stop();
    },
  };
}
