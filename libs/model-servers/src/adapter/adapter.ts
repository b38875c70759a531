import { ClientError } from 'nice-grpc';
import { ServerError, Status } from 'nice-grpc-common';
import { sharedRun } from '@meshkeeper/async';
import { createModelTurns } from '@meshkeeper/grpc/typed';
import type { LoadModelRequest, LoadModelResponse, ModelRuntimeServiceImplementation } from '@meshkeeper/modelmesh';
import type { ModelPuller } from '@meshkeeper/storage';
import { readSchema } from '../layout/schema.ts';
import { parseModelKey, sizeFromDisk } from './model-key.ts';
import type { ModelServer } from './model-server.ts';
import { runtimeStatus, type StatusParts } from './runtime-status.ts';

export type AdapterParts = StatusParts & {
  /** Absent where a puller of its own stands before the adapter. */
  readonly puller: ModelPuller | undefined;
};

/** `mmesh.ModelRuntime` for a model server that does not speak it. */
export function createAdapter(parts: AdapterParts): ModelRuntimeServiceImplementation {
  const { settings, server, puller } = parts;
  const turns = createModelTurns();
  const sizeOf = (bytes: number | undefined) =>
    BigInt(sizeFromDisk(bytes, settings.MODELSIZE_MULTIPLIER, settings.DEFAULT_MODELSIZE));
  /** Sizes from the disk, for a server that may fail to measure. */
  const guesses = new Map<string, bigint>();
  const clear = async (id: string): Promise<void> => {
    await server.discard(id);
    await puller?.remove(id);
    guesses.delete(id);
  };
  const load = async (request: LoadModelRequest, signal: AbortSignal): Promise<Partial<LoadModelResponse>> => {
    const pulled = puller === undefined ? request : await puller.pull(request, signal);
    try {
      const diskBytes = await adapt(pulled, server);
      await server.load(request.modelId, signal).catch((error: unknown) => {
        throw serverFailure(server.name, error);
      });
      // A server that can measure its models is asked by `modelSize` once this one serves.
      const guess = sizeOf(diskBytes);
      guesses.set(request.modelId, guess);
      const sizeInBytes = server.measure === undefined ? guess : 0n;
      return { sizeInBytes, maxConcurrency: settings.LIMIT_PER_MODEL_CONCURRENCY };
    } catch (error) {
      // Half a load may have reached the server; the files go only once it has let go of them.
      await server.unload(request.modelId).catch(() => undefined);
      await clear(request.modelId);
      throw error;
    }
  };
  const unload = async (id: string): Promise<void> => {
    await server.unload(id).catch((error: unknown) => {
      throw serverFailure(server.name, error, 'unload');
    });
    await clear(id);
  };
  return {
    loadModel: (request, { signal }) => turns.take(request.modelId, 'load', signal, () => load(request, signal)),
    unloadModel: async ({ modelId }, { signal }) => {
      await turns.take(modelId, 'unload', signal, () => unload(modelId));
      return {};
    },
    predictModelSize: async ({ modelKey, modelType }) => ({ sizeInBytes: sizeOf(diskBytesOf(modelKey, modelType)) }),
    modelSize: async ({ modelId }) => {
      const measured = await server.measure?.(modelId);
      return { sizeInBytes: measured === undefined ? (guesses.get(modelId) ?? sizeOf(undefined)) : BigInt(measured) };
    },
    runtimeStatus: sharedRun(() => runtimeStatus(parts)),
  };
}

/** The bytes that the model takes on disk. @throws ServerError */
async function adapt(pulled: LoadModelRequest, server: ModelServer): Promise<number | undefined> {
  const { modelId: id, modelType, modelPath: path, modelKey } = pulled;
  try {
    const { type, schemaPath, diskBytes } = parseModelKey(modelKey, modelType);
    const schema = schemaPath === undefined ? undefined : await readSchema(schemaPath);
    await server.adapt({ id, type, path, schema });
    return diskBytes;
  } catch (error) {
    throw new ServerError(Status.UNKNOWN, `Failed to load Model due to adapter error: ${(error as Error).message}`);
  }
}

function serverFailure(name: string, error: unknown, kind: 'load' | 'unload' = 'load'): Error {
  const known = error instanceof ClientError || error instanceof ServerError;
  const [code, text] = known ? [error.code, error.details] : [Status.UNKNOWN, (error as Error).message];
  return new ServerError(code, `Failed to ${kind} Model due to ${name} runtime error: ${text}`);
}

function diskBytesOf(modelKey: string, modelType: string): number | undefined {
  try {
    return parseModelKey(modelKey, modelType).diskBytes;
  } catch {
    return undefined;
  }
}
