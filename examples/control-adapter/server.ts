/** A model server with a control of its own (HTTP) that serves V2 gRPC already: only loading needs an adapter. */
import { createServer } from 'node:http';
import { INFERENCE, serve } from '../common/grpc.ts';
import { answerOf, notLoaded, valuesOf, type InferRequest } from '../common/infer.ts';
import { predictLinear, readLinearModel, type LinearModel } from '../common/linear-model.ts';

const { HOST = 'localhost', CONTROL_PORT = '9000', DATA_PORT = '9001' } = process.env;
const models = new Map<string, LinearModel>();

/** `PUT /models/<id>?file=…`, `DELETE /models/<id>`, `DELETE /models`. */
async function control(method: string, url: URL): Promise<object> {
  const id = decodeURIComponent(url.pathname.split('/')[2] ?? '');
  if (method === 'PUT') {
    const model = await readLinearModel(url.searchParams.get('file') ?? '');
    models.set(id, model);
    return { bytes: model.bytes };
  }
  if (id === '') models.clear();
  else models.delete(id);
  return {};
}

createServer((request, response) => {
  control(request.method ?? '', new URL(request.url ?? '/', 'http://server')).then(
    (answer) => response.end(JSON.stringify(answer)),
    (error: Error) => response.writeHead(400).end(JSON.stringify({ error: error.message })),
  );
}).listen(Number(CONTROL_PORT), HOST);

await serve(`${HOST}:${DATA_PORT}`, [
  [
    INFERENCE,
    {
      modelInfer: (request: InferRequest) => {
        const model = models.get(request.modelName);
        if (model === undefined) throw notLoaded(request.modelName);
        return answerOf(request, predictLinear(model, valuesOf(request)));
      },
    },
  ],
]);
