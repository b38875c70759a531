import { CallError, type VModelStatusInfo } from '@meshkeeper/domain';
import type { VModelRecord } from '@meshkeeper/modelmesh';
import type { ChangeWaiters } from '../records/change-waiters.ts';
import type { Cluster } from '../records/cluster.ts';
import { RETRY_BACKOFF_MS, type Loading } from '../copies/loading.ts';
import { commitUntilStored, type Decide, type RecordRef, type RecordStore } from '../records/record-store.ts';
import {
  decideDeleteVModel,
  decideSetVModel,
  type SetVModel,
  type VModelDecision,
  type VModelSnapshot,
} from '../rules/vmodels.ts';
import { NO_VMODEL, vmodelStatus, type StatusSource } from '../rules/vmodel-status.ts';

export type VModelCallsOptions = {
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly loading: Loading;
  readonly waiters: ChangeWaiters;
  readonly statuses: StatusSource;
  readonly snapshot: (vModelId: string) => VModelSnapshot;
};

/** The three calls about vmodels. All throw CallError with the gRPC code's name as `code`. */
export type VModelCalls = {
  set(request: SetVModel & { readonly sync: boolean }, signal: AbortSignal): Promise<VModelStatusInfo>;
  delete(vModelId: string, owner: string): Promise<void>;
  status(vModelId: string, owner: string): Promise<VModelStatusInfo>;
};

export function createVModelCalls(options: VModelCallsOptions): VModelCalls {
  const { store, statuses } = options;
  return {
    set: (request, signal) => setVModel(options, request, signal),
    delete: async (vModelId, owner) => {
      if (vModelId === '') return;
      await commitOnCurrent(store, { vModelId, models: [] }, () => ({
        basis: basisOf(store, vModelId, []),
        changes: decideDeleteVModel(vModelId, owner, options.snapshot(vModelId)),
        decision: undefined,
      }));
    },
    status: async (vModelId, owner) => {
      if (vModelId === '') return NO_VMODEL;
      if (store.vmodel(vModelId) === undefined) await readAll(store, vModelId, []);
      const record = store.vmodel(vModelId);
      if (record === undefined || (owner !== '' && owner !== record.o)) return NO_VMODEL;
      return vmodelStatus(record, statuses);
    },
  };
}

/** Everything a decision about a vmodel may rest on. */
function basisOf(store: RecordStore, vModelId: string, models: readonly string[]): readonly RecordRef[] {
  const vmodel = store.vmodel(vModelId);
  const named = new Set([...models, ...(vmodel === undefined ? [] : [vmodel.amid, vmodel.tmid])]);
  return [{ table: 'vmodels', id: vModelId }, ...[...named].map((id): RecordRef => ({ table: 'registry', id }))];
}

/** Reads from etcd, a second time when the vmodel names models that the view did not know of. */
async function readAll(store: RecordStore, vModelId: string, models: readonly string[]): Promise<void> {
  const first = basisOf(store, vModelId, models);
  await store.read(first);
  const known = new Set(first.map(({ id }) => id));
  const missed = basisOf(store, vModelId, models).filter(({ id }) => !known.has(id));
  if (missed.length > 0) await store.read(missed);
}

/**
 * Decides on the view when that leads to a write, for the write compares all that it rests on with etcd. What changes nothing, and what
 * cannot be decided, must rest on what etcd says now.
 */
async function commitOnCurrent<D>(
  store: RecordStore,
  { vModelId, models }: { readonly vModelId: string; readonly models: readonly string[] },
  decide: Decide<D>,
): Promise<D> {
  if (vModelId !== '' && !writes(decide)) await readAll(store, vModelId, models);
  return commitUntilStored(store, decide);
}

function writes(decide: Decide<unknown>): boolean {
  try {
    return decide().changes.length > 0;
  } catch {
    return false;
  }
}

async function setVModel(
  options: VModelCallsOptions,
  request: SetVModel & { readonly sync: boolean },
  signal: AbortSignal,
): Promise<VModelStatusInfo> {
  const { store, statuses } = options;
  const { vModelId, targetModelId } = request;
  const models = targetModelId === '' ? [] : [targetModelId];
  const decision = await commitOnCurrent<VModelDecision>(store, { vModelId, models }, () => {
    const decided = decideSetVModel(request, options.snapshot(vModelId));
    return {
      basis: basisOf(store, vModelId, models),
      changes: decided.kind === 'changed' ? decided.changes : [],
      decision: decided,
    };
  });
  if (decision.kind === 'refused') throw toCallError(decision);
  const record = store.vmodel(vModelId);
  if (record === undefined) throw goneMeanwhile(vModelId);
  if (record.amid === record.tmid) return settled(options, request, record, decision, signal);
  if (record.failed && request.loadNow) {
    await options.loading.ensureLoaded(record.tmid, {
      backoffMs: RETRY_BACKOFF_MS,
      wait: request.sync ? signal : undefined,
    });
  }
  if (request.sync) return transitionEnded(options, request, signal);
  return vmodelStatus(store.vmodel(vModelId) ?? record, statuses);
}

/** Without a transition the call may load the active model, and wait for it only when it brought the model's attributes. */
async function settled(
  { loading, statuses, cluster }: VModelCallsOptions,
  request: SetVModel & { readonly sync: boolean },
  record: VModelRecord,
  decision: VModelDecision,
  signal: AbortSignal,
): Promise<VModelStatusInfo> {
  const status = vmodelStatus(record, statuses);
  const wait = request.sync && request.modelInfo !== undefined ? signal : undefined;
  const loads = request.loadNow || (decision.kind === 'changed' && decision.loadActive);
  const waits = wait !== undefined && cluster.status(record.amid).status === 'LOADING';
  if (!loads && !waits) return status;
  return {
    ...status,
    activeModelStatus: await loading.ensureLoaded(record.amid, { backoffMs: RETRY_BACKOFF_MS, wait }),
  };
}

/** Waits until the transition to the requested target is complete, failed, or superseded. */
async function transitionEnded(
  { store, cluster, waiters, statuses }: VModelCallsOptions,
  { vModelId, targetModelId }: SetVModel,
  signal: AbortSignal,
): Promise<VModelStatusInfo> {
  const ended = (): VModelRecord | 'deleted' | undefined => {
    const record = store.vmodel(vModelId);
    if (record === undefined) return 'deleted';
    if (record.amid === record.tmid || record.tmid !== targetModelId) return record;
    return record.failed && !['LOADING', 'LOADED'].includes(cluster.status(record.tmid).status) ? record : undefined;
  };
  const refs = [
    { table: 'vmodels', id: vModelId },
    { table: 'registry', id: targetModelId },
  ] as const;
  const end = await waiters.until(refs, ended, signal);
  if (end === 'deleted') throw goneMeanwhile(vModelId);
  return vmodelStatus(end, statuses);
}

function goneMeanwhile(vModelId: string): CallError {
  return new CallError('Gone', `vmodel ${vModelId} was deleted in the meantime`, { code: 'NOT_FOUND' });
}

function toCallError({ code, message }: Extract<VModelDecision, { kind: 'refused' }>): CallError {
  const kind = code === 'NOT_FOUND' ? 'Gone' : code === 'FAILED_PRECONDITION' ? 'Conflict' : 'Terminal';
  return new CallError(kind, message, { code });
}
