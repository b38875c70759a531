import { CallError, type ModelInfo, type ModelStatusInfo } from '@meshkeeper/domain';
import type { Cluster } from '../records/cluster.ts';
import { RETRY_BACKOFF_MS, type Loading } from '../copies/loading.ts';
import { hasInfo, initialLastUsed, newModelRecord } from '../rules/model-record.ts';
import { commitUntilStored, type RecordStore } from '../records/record-store.ts';
import type { RecordChange } from '../rules/vmodels.ts';

export type ModelCallsOptions = {
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly loading: Loading;
  readonly now: () => number;
};

export type RegisterModel = {
  readonly modelId: string;
  readonly modelInfo: ModelInfo | undefined;
  readonly loadNow: boolean;
  readonly sync: boolean;
  readonly lastUsedTime: bigint;
};

/** The four calls about models. All throw CallError with the gRPC code's name as `code`. */
export type ModelCalls = {
  register(request: RegisterModel, signal: AbortSignal): Promise<ModelStatusInfo>;
  unregister(modelId: string): Promise<void>;
  status(modelId: string): Promise<ModelStatusInfo>;
  ensureLoaded(modelId: string, lastUsedTime: bigint, wait: AbortSignal | undefined): Promise<ModelStatusInfo>;
};

export function createModelCalls(options: ModelCallsOptions): ModelCalls {
  const { store, cluster, loading, now } = options;
  return {
    register: (request, signal) => register(options, request, signal),
    unregister: async (modelId) => {
      requireId(modelId);
      const ref = { table: 'registry', id: modelId } as const;
      await store.read([ref]);
      await commitUntilStored(store, () => {
        const record = store.model(modelId);
        if (record !== undefined && record.refs > 0) {
          throw new CallError('Conflict', `Model ${modelId} has referents`, { code: 'FAILED_PRECONDITION' });
        }
        const changes: readonly RecordChange[] = record === undefined ? [] : [{ ...ref, record: undefined }];
        return { basis: [ref], changes, decision: undefined };
      });
    },
    status: async (modelId) => {
      requireId(modelId);
      return namingMalformed(`Unexpected exception in invokeModel method for model ${modelId}`, async () => {
        if (store.model(modelId) === undefined) await store.read([{ table: 'registry', id: modelId }]);
        store.model(modelId);
        return cluster.status(modelId);
      });
    },
    ensureLoaded: async (modelId, lastUsedTime, wait) => {
      requireId(modelId);
      const lastUsed = initialLastUsed(now(), true, lastUsedTime > 0n ? lastUsedTime : BigInt(now()));
      return loading.ensureLoaded(modelId, { backoffMs: RETRY_BACKOFF_MS, lastUsed, wait });
    },
  };
}

function requireId(modelId: string): void {
  if (modelId === '') throw new CallError('Terminal', 'must provide non-empty modelId', { code: 'INVALID_ARGUMENT' });
}

/** The original's text for a record that it cannot read, with the reason that it leaves out. */
async function namingMalformed<T>(prefix: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== 'INTERNAL') throw error;
    throw new CallError('Terminal', prefix, { cause: error, code: 'INTERNAL' });
  }
}

async function register(
  { store, cluster, loading, now }: ModelCallsOptions,
  request: RegisterModel,
  signal: AbortSignal,
) {
  const { modelId, modelInfo, loadNow, lastUsedTime } = request;
  requireId(modelId);
  if (modelInfo === undefined || modelInfo.type === '') {
    throw new CallError('Terminal', 'Must provide non-empty model type string', { code: 'INVALID_ARGUMENT' });
  }
  const ref = { table: 'registry', id: modelId } as const;
  const add = async () => {
    await store.read([ref]);
    await commitUntilStored(store, () => {
      const existing = store.model(modelId);
      if (existing !== undefined && !hasInfo(existing, modelInfo)) {
        throw new CallError('Terminal', 'Model already exists with different attribute values', {
          code: 'ALREADY_EXISTS',
        });
      }
      const record = newModelRecord(modelInfo, { autoDel: false, lu: initialLastUsed(now(), loadNow, lastUsedTime) });
      const changes: readonly RecordChange[] = existing === undefined ? [{ ...ref, record }] : [];
      return { basis: [ref], changes, decision: undefined };
    });
  };
  await namingMalformed(`Failed to add model ${modelId}`, add);
  if (!loadNow) return cluster.status(modelId);
  return loading.ensureLoaded(modelId, { backoffMs: RETRY_BACKOFF_MS, wait: request.sync ? signal : undefined });
}
