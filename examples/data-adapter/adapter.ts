/** Stands between the mesh and a server that speaks only HTTP, for loading and for predictions: one port for both. */
import { status } from '@grpc/grpc-js';
import { INFERENCE, MODEL_RUNTIME, Refusal, serve } from '../common/grpc.ts';
import { answerOf, valuesOf, type InferRequest } from '../common/infer.ts';
import { capacityFrom, ready, type LoadRequest, type ModelRequest } from '../common/model-runtime.ts';

const { HOST = 'localhost', PORT = '8085', SERVER_PORT = '9000' } = process.env;

type Body = { readonly bytes?: number; readonly y?: readonly number[]; readonly error?: string };

const CODES: Readonly<Record<number, status>> = { 400: status.INVALID_ARGUMENT, 404: status.NOT_FOUND };

/** @throws Refusal with the server's words */
async function ask(method: string, id: string, query = '', body?: string): Promise<Body> {
  const url = `http://${HOST}:${SERVER_PORT}/models/${encodeURIComponent(id)}${query}`;
  const answer = await fetch(url, body === undefined ? { method } : { method, body });
  const reply = (await answer.json()) as Body;
  if (answer.ok) return reply;
  throw new Refusal(CODES[answer.status] ?? status.INTERNAL, reply.error ?? `HTTP status ${answer.status}`);
}

const runtime = {
  loadModel: async ({ modelId, modelPath }: LoadRequest) => {
    const { bytes = 0 } = await ask('PUT', modelId, `?file=${encodeURIComponent(modelPath)}`);
    return { sizeInBytes: Math.max(65_536, bytes), maxConcurrency: 0 };
  },
  unloadModel: ({ modelId }: ModelRequest) => ask('DELETE', modelId).then(() => ({})),
  // While the server does not answer it is starting; once it does, nothing is loaded.
  runtimeStatus: () =>
    ask('DELETE', '').then(
      () => ready(capacityFrom(process.env)),
      () => ({ status: 'STARTING' }),
    ),
};

const inference = {
  modelInfer: async (request: InferRequest) => {
    const { y = [] } = await ask('POST', request.modelName, '', JSON.stringify(valuesOf(request)));
    return answerOf(request, y);
  },
};

await serve(`${HOST}:${PORT}`, [
  [MODEL_RUNTIME, runtime],
  [INFERENCE, inference],
]);
