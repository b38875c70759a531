import { setTimeout as sleep } from 'node:timers/promises';
import {
  ModelRuntimeDefinition,
  RuntimeStatusNumber,
  type ModelRuntimeServiceImplementation,
} from '@meshkeeper/modelmesh';
import { RpcError, type Reply, type ServerCall } from '@meshkeeper/grpc';
import type { Models } from './models.ts';
import type { ScriptedSettings } from './settings.ts';

const SIZING_MS = 50;
const { methods, fullName } = ModelRuntimeDefinition;
const { STARTING, READY } = RuntimeStatusNumber;

type Api = { readonly [method in keyof typeof methods]: (call: ServerCall) => Promise<Uint8Array> };

/** The calls of `mmesh.ModelRuntime`; undefined for any other method. */
export function createManagement(settings: ScriptedSettings, models: Models) {
  const api = createApi(settings, models);
  const byName = new Map<string, Api[keyof Api]>(
    Object.entries(api).map(([name, call]) => [`/${fullName}/${name}`, call]),
  );
  return (call: ServerCall): Promise<Reply> | undefined =>
    byName
      .get(call.path)?.(call)
      .then((message) => ({ message: Buffer.from(message) }));
}

function createApi(settings: ScriptedSettings, models: Models): Api {
  const { loadModel, unloadModel, predictModelSize, modelSize, runtimeStatus } = methods;
  const startedAt = performance.now();
  const sizeInLoad = settings.REPORT_SIZE === 'load';
  return {
    loadModel: async ({ message, signal }) => {
      const { modelId, modelPath } = loadModel.requestType.decode(message);
      const { sizeBytes } = await models.load(modelId, modelPath, signal);
      const sizeInBytes = sizeInLoad ? sizeBytes : 0;
      return encode(loadModel, { sizeInBytes, maxConcurrency: settings.MAX_CONCURRENCY });
    },
    unloadModel: async ({ message }) => {
      await models.unload(unloadModel.requestType.decode(message).modelId);
      return encode(unloadModel, {});
    },
    predictModelSize: async () => {
      if (settings.PREDICT_SIZE === undefined) throw new RpcError('UNIMPLEMENTED', 'No size is predicted');
      return encode(predictModelSize, { sizeInBytes: settings.PREDICT_SIZE });
    },
    modelSize: async ({ message }) => {
      await sleep(SIZING_MS);
      return encode(modelSize, { sizeInBytes: models.sizeOf(modelSize.requestType.decode(message).modelId) });
    },
    runtimeStatus: async () => {
      if (performance.now() - startedAt < settings.START_MS) return encode(runtimeStatus, { status: STARTING });
      // Who asks has just started, and counts on an empty server.
      models.purge();
      return encode(runtimeStatus, readyStatus(settings));
    },
  };
}

type Ready = Awaited<ReturnType<ModelRuntimeServiceImplementation['runtimeStatus']>>;

function readyStatus(settings: ScriptedSettings): Ready {
  return {
    status: READY,
    capacityInBytes: settings.CAPACITY_BYTES,
    maxLoadingConcurrency: settings.LOAD_CONCURRENCY,
    modelLoadingTimeoutMs: settings.LOAD_TIMEOUT_MS,
    defaultModelSizeInBytes: settings.DEFAULT_SIZE_BYTES,
    runtimeVersion: 'scripted',
    methodInfos: settings.METHOD_INFOS,
    limitModelConcurrency: settings.LIMIT_MODEL_CONCURRENCY,
    allowAnyMethod: settings.ALLOW_ANY_METHOD,
  };
}

type Encodes<Partly, Whole> = {
  readonly responseType: { fromPartial(value: Partly): Whole; encode(value: Whole): { finish(): Uint8Array } };
};

function encode<Partly, Whole>({ responseType }: Encodes<Partly, Whole>, value: Partly): Uint8Array {
  return responseType.encode(responseType.fromPartial(value)).finish();
}
