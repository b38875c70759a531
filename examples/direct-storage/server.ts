/** A model server that fetches its models itself: no puller stands before it, and it gets paths and keys as users wrote them. */
import { join, normalize, sep } from 'node:path';
import { status } from '@grpc/grpc-js';
import { INFERENCE, MODEL_RUNTIME, Refusal, serve } from '../common/grpc.ts';
import { answerOf, notLoaded, valuesOf, type InferRequest } from '../common/infer.ts';
import { predictLinear, readLinearModel, type LinearModel } from '../common/linear-model.ts';
import { capacityFrom, ready, type LoadRequest, type ModelRequest } from '../common/model-runtime.ts';

const { HOST = 'localhost', PORT = '8085', MODELS = '/library' } = process.env;
const models = new Map<string, LinearModel>();

/** Users name the path: it may not lead out of the library. */
function fileOf(path: string): string {
  const file = normalize(join(MODELS, path));
  if (file.startsWith(`${normalize(MODELS)}${sep}`)) return file;
  throw new Refusal(status.INVALID_ARGUMENT, `${path} is not in the library`);
}

const runtime = {
  loadModel: async ({ modelId, modelPath }: LoadRequest) => {
    const model = await readLinearModel(fileOf(modelPath));
    models.set(modelId, model);
    return { sizeInBytes: Math.max(65_536, model.bytes), maxConcurrency: 0 };
  },
  unloadModel: ({ modelId }: ModelRequest) => {
    models.delete(modelId);
    return {};
  },
  // Who asks has just started, and counts on an empty server.
  runtimeStatus: () => {
    models.clear();
    return ready(capacityFrom(process.env));
  },
};

const inference = {
  modelInfer: (request: InferRequest) => {
    const model = models.get(request.modelName);
    if (model === undefined) throw notLoaded(request.modelName);
    return answerOf(request, predictLinear(model, valuesOf(request)));
  },
};

await serve(`${HOST}:${PORT}`, [
  [MODEL_RUNTIME, runtime],
  [INFERENCE, inference],
]);
