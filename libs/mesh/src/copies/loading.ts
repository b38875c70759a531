import { CallError, type ModelStatusInfo } from '@meshkeeper/domain';
import type { ChangeWaiters } from '../records/change-waiters.ts';
import type { Cluster, LoadOptions } from '../records/cluster.ts';
import { decideLoad, type LoadDecision } from '../rules/models.ts';
import { commitUntilStored, type RecordStore } from '../records/record-store.ts';

/** A failed model that is requested again is retried once its failure is this old; before, the stored failure is the answer. */
export const RETRY_BACKOFF_MS = 5_000;
/** How often a waiting caller starts again after the instance that loaded for it died. */
const MAX_RESTARTS = 5;

export type StartOutcome = LoadDecision | { readonly kind: 'absent' };

/** Making models be loaded, by writing where: the instance that finds itself named loads. Throws CallError. */
export type Loading = {
  start(modelId: string, options: LoadOptions): Promise<StartOutcome>;
  /**
   * A failed load, and a model that no instance may hold, are answers and not errors.
   * @throws CallError Gone with code NOT_FOUND for an unknown model; the signal's reason when it ends the wait.
   */
  ensureLoaded(
    modelId: string,
    options: LoadOptions & { readonly wait?: AbortSignal | undefined },
  ): Promise<ModelStatusInfo>;
};

export function createLoading(store: RecordStore, cluster: Cluster, waiters: ChangeWaiters): Loading {
  const start = (modelId: string, options: LoadOptions): Promise<StartOutcome> =>
    commitUntilStored<StartOutcome>(store, () => {
      const basis = [{ table: 'registry', id: modelId }] as const;
      const record = store.model(modelId);
      if (record === undefined) return { basis, changes: [], decision: { kind: 'absent' } };
      const decision = decideLoad(modelId, record, cluster.loadContext(record, options));
      const changes =
        decision.kind === 'assign' ? [{ table: 'registry', id: modelId, record: decision.record } as const] : [];
      return { basis, changes, decision };
    });
  const settled = (modelId: string, signal: AbortSignal): Promise<ModelStatusInfo> =>
    waiters.until(
      [{ table: 'registry', id: modelId }],
      () => {
        const status = cluster.status(modelId);
        return status.status === 'LOADING' ? undefined : status;
      },
      signal,
    );
  return {
    start,
    ensureLoaded: async (modelId, { wait, ...options }) => {
      if (store.model(modelId) === undefined) await store.read([{ table: 'registry', id: modelId }]);
      for (let restarts = 0; ; restarts += 1) {
        const outcome = await start(modelId, options);
        if (outcome.kind === 'absent') throw new CallError('Gone', 'model not found', { code: 'NOT_FOUND' });
        if (outcome.kind === 'unplaceable') return { status: 'LOADING_FAILED', errors: [outcome.message], copies: [] };
        const status = wait === undefined ? cluster.status(modelId) : await settled(modelId, wait);
        if (wait === undefined || status.status !== 'NOT_LOADED' || restarts >= MAX_RESTARTS) return status;
      }
    },
  };
}
