import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** Returns undefined when all is well, else one sentence that says what is not. */
export type HealthCheck = () => string | undefined;

export type HttpOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Depends on no other service: only on this process being able to work. */
  readonly live: HealthCheck;
  /** May depend on Redis, the API server or the mesh. */
  readonly ready: HealthCheck;
  /** Adds the process's own routes. */
  readonly routes?: (app: FastifyInstance) => Promise<void>;
};

export type HttpServer = { readonly address: string; stop(): Promise<void> };

/**
 * Serves `/metrics`, `/healthz` and `/readyz` (200 `ok`, or 503 with the sentence).
 * @throws when the port is taken; the message names host and port.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const app = Fastify({ logger: false, forceCloseConnections: true });
  app.get('/metrics', async (_request, reply) => {
    await reply.type(options.registry.contentType).send(await options.registry.metrics());
  });
  addHealthRoute(app, '/healthz', options.live);
  addHealthRoute(app, '/readyz', options.ready);
  await options.routes?.(app);
  try {
    const address = await app.listen({ host: options.host, port: options.port });
    return { address, stop: () => app.close() };
  } catch (error) {
    throw new Error(`Cannot listen on ${options.host}:${options.port}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
}

function addHealthRoute(app: FastifyInstance, path: string, check: HealthCheck): void {
  app.get(path, async (_request, reply) => {
    const problem = check();
    await reply
      .code(problem === undefined ? 200 : 503)
      .type('text/plain')
      .send(problem ?? 'ok');
  });
}
