import { createServer } from 'node:http';
import type { Stoppable } from '@meshkeeper/process';
import type { Models } from './models.ts';

type Route = (query: URLSearchParams) => unknown;

/** The control API of tests, JSON over HTTP. @throws Error when the port is taken */
export async function startControl(host: string, port: number, models: Models, exit: () => void): Promise<Stoppable> {
  const routes: Readonly<Record<string, Route>> = {
    'GET /models': () => models.loaded(),
    'GET /calls': () => models.calls(),
    'POST /forget': (query) => ({ forgotten: models.forget(query.get('model') ?? '') }),
    'POST /fix': () => {
      models.fix();
      return {};
    },
    'POST /exit': () => {
      // After the answer is out.
      setTimeout(exit, 10);
      return {};
    },
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
    const route = routes[`${request.method} ${pathname}`];
    response.writeHead(route === undefined ? 404 : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(route?.(searchParams) ?? {}));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
