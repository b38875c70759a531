import { CallError, type ModelInfo, type ModelStatusInfo, type VModelStatusInfo } from '@meshkeeper/domain';
import {
  type ModelMeshDefinition,
  modelStatusNumber,
  vmodelStatusNumber,
  type DeepPartial,
  type ModelInfoMessage,
  type ModelStatusInfoMessage,
  type VModelStatusInfoMessage,
} from '@meshkeeper/modelmesh';
import type { ModelCalls } from './model-calls.ts';
import type { UnaryMethods } from './unary-service.ts';
import type { VModelCalls } from './vmodel-calls.ts';

/** How long a `sync` call waits at most. */
const SYNC_LIMIT_MS = 240_000;

/** The methods of `mmesh.ModelMesh`: messages to calls and back. Throws CallError. */
export function createManagementApi(
  models: ModelCalls,
  vmodels: VModelCalls,
): UnaryMethods<typeof ModelMeshDefinition> {
  return {
    registerModel: async (request, { signal }) =>
      withinSyncLimit(signal, async (wait) =>
        toModelMessage(await models.register({ ...request, modelInfo: toModelInfo(request.modelInfo) }, wait)),
      ),
    unregisterModel: async ({ modelId }) => {
      await models.unregister(modelId);
      return {};
    },
    getModelStatus: async ({ modelId }) => toModelMessage(await models.status(modelId)),
    ensureLoaded: async ({ modelId, lastUsedTime, sync }, { signal }) =>
      withinSyncLimit(signal, async (wait) =>
        toModelMessage(await models.ensureLoaded(modelId, lastUsedTime, sync ? wait : undefined)),
      ),
    setVModel: async (request, { signal }) =>
      withinSyncLimit(signal, async (wait) =>
        toVModelMessage(await vmodels.set({ ...request, modelInfo: toModelInfo(request.modelInfo) }, wait)),
      ),
    deleteVModel: async ({ vModelId, owner }) => {
      await vmodels.delete(vModelId, owner);
      return {};
    },
    getVModelStatus: async ({ vModelId, owner }) => toVModelMessage(await vmodels.status(vModelId, owner)),
  };
}

async function withinSyncLimit<T>(caller: AbortSignal, call: (wait: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), SYNC_LIMIT_MS);
  try {
    return await call(AbortSignal.any([caller, limit.signal]));
  } catch (error) {
    if (!limit.signal.aborted || caller.aborted) throw error;
    throw new CallError('Transient', `Not done within ${SYNC_LIMIT_MS / 1000} s; it goes on`, {
      cause: error,
      code: 'DEADLINE_EXCEEDED',
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
