/** Makes the server beside it load and unload what the mesh requests. Predictions do not pass through here. */
import { MODEL_RUNTIME, serve } from '../common/grpc.ts';
import { capacityFrom, ready, type LoadRequest, type ModelRequest } from '../common/model-runtime.ts';

const { HOST = 'localhost', PORT = '8085', CONTROL_PORT = '9000' } = process.env;

/** @throws Error with what the server says */
async function control(method: string, path: string): Promise<{ readonly bytes?: number }> {
  const answer = await fetch(`http://${HOST}:${CONTROL_PORT}${path}`, { method });
  const body = (await answer.json()) as { readonly bytes?: number; readonly error?: string };
  if (answer.ok) return body;
  throw new Error(body.error ?? `HTTP status ${answer.status}`);
}

const modelPath = (id: string): string => `/models/${encodeURIComponent(id)}`;

await serve(`${HOST}:${PORT}`, [
  [
    MODEL_RUNTIME,
    {
      loadModel: async ({ modelId, modelPath: file }: LoadRequest) => {
        const { bytes = 0 } = await control('PUT', `${modelPath(modelId)}?file=${encodeURIComponent(file)}`);
        return { sizeInBytes: Math.max(65_536, bytes), maxConcurrency: 0 };
      },
      unloadModel: ({ modelId }: ModelRequest) => control('DELETE', modelPath(modelId)).then(() => ({})),
      // While the server does not answer it is starting; once it does, nothing is loaded.
      runtimeStatus: () =>
        control('DELETE', '/models').then(
          () => ready(capacityFrom(process.env)),
          () => ({ status: 'STARTING' }),
        ),
    },
  ],
]);
