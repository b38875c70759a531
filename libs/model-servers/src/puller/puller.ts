import { ClientError } from 'nice-grpc';
import { ServerError } from 'nice-grpc-common';
import { sharedRun } from '@meshkeeper/async';
import { createModelTurns } from '@meshkeeper/grpc/typed';
import {
  RuntimeStatusNumber,
  type ModelRuntimeServiceImplementation,
  type RuntimeStatusResponse,
} from '@meshkeeper/modelmesh';
import type { ModelPuller } from '@meshkeeper/storage';
import type { Logger } from '@meshkeeper/process';
import type { ModelServer } from './model-server.ts';

export type PullerParts = { readonly server: ModelServer; readonly models: ModelPuller; readonly logger: Logger };

const { READY, FAILING } = RuntimeStatusNumber;
/** As long as a mesh waits for this answer. */
const STATUS_MS = 2_000;

/** `mmesh.ModelRuntime` that fetches each model before the model server behind it loads it. */
export function createPuller({ server, models, logger }: PullerParts): ModelRuntimeServiceImplementation {
  const turns = createModelTurns();
  const remove = async (id: string): Promise<void> => {
    await models.remove(id).catch((error: unknown) => {
      throw new Error(`The files of the model could not be removed: ${(error as Error).message}`, { cause: error });
    });
  };
  const unload = async (id: string): Promise<void> => {
    // Files of a model that may still be loaded stay: the server may be reading them.
    await server.unload(id).catch((error: unknown) => {
      throw passedOn(error, 'Failed to unload model from runtime');
    });
    await remove(id);
  };
  const purge = async (): Promise<void> => {
    for (const id of await models.present()) await turns.take(id, 'unload', NEVER, () => unload(id));
  };
  return {
    loadModel: ({ modelId, modelType, modelPath, modelKey }, { signal }) =>
      turns.take(modelId, 'load', signal, async () => {
        const pulled = await models.pull({ modelId, modelType, modelPath, modelKey }, signal);
        return server.loadModel(pulled, { signal }).catch((error: unknown) => {
          // Who asked sends an unload after any failure; until then the server may still read the files.
          throw passedOn(error, 'Failed to load model due to model runtime error');
        });
      }),
    unloadModel: async ({ modelId }, { signal }) => {
      await turns.take(modelId, 'unload', signal, () => unload(modelId));
      return {};
    },
    predictModelSize: (request, { signal }) => server.predictModelSize(request, { signal }).catch(rethrow),
    modelSize: (request, { signal }) => server.modelSize(request, { signal }).catch(rethrow),
    runtimeStatus: sharedRun(async () => {
      const status = await server.runtimeStatus({}, { signal: AbortSignal.timeout(STATUS_MS) }).catch(rethrow);
      if (status.status !== READY) return status;
      return purge().then(
        () => status,
        (error: unknown) => {
          logger.error({ err: error }, 'What an earlier mesh left could not be removed');
          return failing(status);
        },
      );
    }),
  };
}

const NEVER = new AbortController().signal;

function failing(status: RuntimeStatusResponse): RuntimeStatusResponse {
  return { ...status, status: FAILING };
}

/** The server's code, with the request that failed. */
function passedOn(error: unknown, prefix: string): Error {
  if (error instanceof ClientError) return new ServerError(error.code, `${prefix}: ${error.details}`);
  return new Error(`${prefix}: ${(error as Error).message}`, { cause: error });
}

/** The server's own status is passed on unchanged. */
function rethrow(error: unknown): never {
  throw error instanceof ClientError ? new ServerError(error.code, error.details) : error;
}
