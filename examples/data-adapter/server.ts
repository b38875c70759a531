/** A model server that speaks nothing but HTTP: `PUT`, `POST` and `DELETE` of `/models/<id>`. */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { predictLinear, readLinearModel, type LinearModel } from '../common/linear-model.ts';

const { HOST = 'localhost', PORT = '9000' } = process.env;
const models = new Map<string, LinearModel>();

type Answer = readonly [number, object];

async function answer(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://server');
  const id = decodeURIComponent(url.pathname.split('/')[2] ?? '');
  if (request.method === 'PUT') {
    const read = await readLinearModel(url.searchParams.get('file') ?? '');
    models.set(id, read);
    return [200, { bytes: read.bytes }];
  }
  if (request.method === 'POST') {
    const model = models.get(id);
    if (model === undefined) return [404, { error: `Model ${id} is not loaded` }];
    return [200, { y: predictLinear(model, JSON.parse(await text(request)) as number[]) }];
  }
  if (id === '') models.clear();
  models.delete(id);
  return [200, {}];
}

createServer((request, response) => {
  void answer(request)
    .catch((error: Error): Answer => [400, { error: error.message }])
    .then(([code, body]) => response.writeHead(code).end(JSON.stringify(body)));
}).listen(Number(PORT), HOST);
