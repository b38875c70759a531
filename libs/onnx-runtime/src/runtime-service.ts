import { RuntimeStatusNumber, type ModelRuntimeServiceImplementation } from '@meshkeeper/modelmesh';
import { ServerError, Status } from 'nice-grpc-common';
import type { Logger } from '@meshkeeper/process';
import type { Models } from './models/models.ts';
import type { OnnxSettings } from './settings.ts';

const SERVICE = 'inference.GRPCInferenceService';
/** The name is the first field of each request. */
const METHODS = Object.fromEntries(
  ['ModelInfer', 'ModelMetadata', 'ModelReady'].map((method) => [`${SERVICE}/${method}`, { idInjectionPath: [1] }]),
);

/** What the mesh, or a puller before this server, loads models by. */
export function createRuntimeService(
  models: Models,
  settings: OnnxSettings,
  { version, logger }: { readonly version: string; readonly logger: Logger },
): ModelRuntimeServiceImplementation {
  const unimplemented = async (): Promise<never> => {
    throw new ServerError(Status.UNIMPLEMENTED, 'The size of a model is reported when it is loaded');
  };
  return {
    loadModel: async (request, { signal }) => {
      const { modelId, modelPath } = request;
      try {
        const sizeInBytes = await models.load(request, signal);
        // Who cancelled sends an unload, but must not have to.
        if (signal.aborted) await models.unload(modelId);
        logger.info({ modelId, modelPath, sizeInBytes }, 'Loaded');
        return { sizeInBytes };
      } catch (error) {
        logger.warn({ modelId, modelPath, reason: (error as Error).message }, 'Not loaded');
        throw error;
      }
    },
    unloadModel: async ({ modelId }) => {
      await models.unload(modelId);
      logger.info({ modelId }, 'Unloaded');
      return {};
    },
    predictModelSize: unimplemented,
    modelSize: unimplemented,
    runtimeStatus: async () => {
      // Who asks has just started, and counts on an empty server.
      await models.unloadAll();
      return {
        status: RuntimeStatusNumber.READY,
        capacityInBytes: settings.capacityBytes,
        maxLoadingConcurrency: settings.loadingConcurrency,
        modelLoadingTimeoutMs: settings.loadTimeoutMs,
        defaultModelSizeInBytes: settings.defaultSizeBytes,
        runtimeVersion: version,
        methodInfos: METHODS,
      };
    },
  };
}
