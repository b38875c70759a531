import { createServer, type ServerResponse } from 'node:http';
import type { Stoppable } from '@meshkeeper/process';

export type PrestopOptions = {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Waiting callers are answered then. */
  readonly limitMs: number;
};

/**
 * What the other containers of the pod wait for before they stop: `GET /prestop` is answered when this process has nothing left to do, so
 * that models can be called while they are handed over. Stop it last. @throws when the port is taken
 */
export async function startPrestop({ host, port, limitMs }: PrestopOptions): Promise<Stoppable> {
  const waiting = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/prestop') return void response.writeHead(404).end();
    waiting.add(response);
    const limit = setTimeout(() => response.end(), limitMs);
    response.once('close', () => {
      clearTimeout(limit);
      waiting.delete(response);
    });
  });
  // A kubelet waits longer than node would let it.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  return {
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const response of waiting) response.setHeader('connection', 'close').end();
      server.closeIdleConnections();
      await closed;
    },
  };
}
