import type { ModelInfo, ModelStatusInfo, VModelStatusInfo } from '@meshkeeper/domain';
import {
  type ModelMeshDefinition,
  modelStatusNumber,
  vmodelStatusNumber,
  type DeepPartial,
  type ModelInfoMessage,
  type ModelStatusInfoMessage,
  type VModelStatusInfoMessage,
} from '@meshkeeper/modelmesh';
import { RpcError } from '@meshkeeper/grpc';
import type { ModelCalls } from './model-calls.ts';
import type { UnaryMethods } from '../server/unary-service.ts';
import type { VModelCalls } from './vmodel-calls.ts';

type Caller = { readonly signal: AbortSignal };

/** How long a `sync` call waits at most. */
const SYNC_LIMIT_MS = 240_000;

/** The methods of `mmesh.ModelMesh`: messages to calls and back. Throws CallError and RpcError. */
export function createManagementApi(
  models: ModelCalls,
  vmodels: VModelCalls,
): UnaryMethods<typeof ModelMeshDefinition> {
  return {
    registerModel: async (request, call) => {
      const model = { ...request, modelInfo: toModelInfo(request.modelInfo) };
      return toModelMessage(await waiting(request.sync, call, (wait) => models.register(model, wait)));
    },
    unregisterModel: async ({ modelId }) => {
      await models.unregister(modelId);
      return {};
    },
    getModelStatus: async ({ modelId }) => toModelMessage(await models.status(modelId)),
    ensureLoaded: async ({ modelId, lastUsedTime, sync }, call) =>
      toModelMessage(
        await waiting(sync, call, (wait) => models.ensureLoaded(modelId, lastUsedTime, sync ? wait : undefined)),
      ),
    setVModel: async (request, call) => {
      const vmodel = { ...request, modelInfo: toModelInfo(request.modelInfo) };
      return toVModelMessage(await waiting(request.sync, call, (wait) => vmodels.set(vmodel, wait)));
    },
    deleteVModel: async ({ vModelId, owner }) => {
      await vmodels.delete(vModelId, owner);
      return {};
    },
    getVModelStatus: async ({ vModelId, owner }) => toVModelMessage(await vmodels.status(vModelId, owner)),
  };
}

/** What a call that does not wait is given: it costs nothing, and never aborts. */
const NEVER = new AbortController().signal;

async function waiting<T>(sync: boolean, caller: Caller, call: (wait: AbortSignal) => Promise<T>): Promise<T> {
  // A caller's signal is created on first use.
  return sync ? withinSyncLimit(caller.signal, call) : call(NEVER);
}

async function withinSyncLimit<T>(caller: AbortSignal, call: (wait: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), SYNC_LIMIT_MS);
  try {
    return await call(AbortSignal.any([caller, limit.signal]));
  } catch (error) {
    if (!limit.signal.aborted || caller.aborted) throw error;
    throw new RpcError('DEADLINE_EXCEEDED', `Not done within ${SYNC_LIMIT_MS / 1000} s; it continues`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** All fields empty counts as not given. */
function toModelInfo(message: ModelInfoMessage | undefined): ModelInfo | undefined {
  if (message === undefined) return undefined;
  const { type, path, key } = message;
  return type === '' && path === '' && key === '' ? undefined : { type, path, key };
}

function toModelMessage({ status, errors, copies }: ModelStatusInfo): DeepPartial<ModelStatusInfoMessage> {
  return {
    status: modelStatusNumber[status],
    errors: [...errors],
    modelCopyInfos: copies.map((copy) => ({
      location: copy.location,
      copyStatus: modelStatusNumber[copy.status],
      time: BigInt(copy.time),
    })),
  };
}

function toVModelMessage(info: VModelStatusInfo): DeepPartial<VModelStatusInfoMessage> {
  const { owner, activeModelId, targetModelId, activeModelStatus, targetModelStatus } = info;
  return {
    status: vmodelStatusNumber[info.status],
    owner,
    activeModelId,
    targetModelId,
    ...(activeModelStatus && { activeModelStatus: toModelMessage(activeModelStatus) }),
    ...(targetModelStatus && { targetModelStatus: toModelMessage(targetModelStatus) }),
  };
}
