import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
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
  /** Plain HTTP without it. */
  readonly tls?: HttpTls;
  /** Adds the process's own routes. */
  readonly routes?: (app: FastifyInstance) => Promise<void>;
};

/** PEM. */
export type HttpTls = {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  readonly passphrase?: string;
};

export type HttpServer = {
  /** `http://host:port`, or `https:` under TLS. */
  readonly address: string;
  /** For connections from now on. @throws when the certificate is unfit; then nothing changes */
  renewTls(tls: HttpTls): void;
  stop(): Promise<void>;
};

/**
 * Serves `/metrics`, `/healthz` and `/readyz` (200 `ok`, or 503 with the sentence).
 * @throws when the port is taken; the message names host and port.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const app = createApp(options.tls);
  app.get('/metrics', async (_request, reply) => {
    await reply.type(options.registry.contentType).send(await options.registry.metrics());
  });
  addHealthRoute(app, '/healthz', options.live);
  addHealthRoute(app, '/readyz', options.ready);
  await options.routes?.(app);
  try {
    const url = await app.listen({ host: options.host, port: options.port });
    // Fastify knows nothing of a server that it did not make.
    const address = options.tls === undefined ? url : url.replace(/^http:/, 'https:');
    return { address, renewTls: (tls) => renewTls(app, tls), stop: () => app.close() };
  } catch (error) {
    throw new Error(`Cannot listen on ${options.host}:${options.port}: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
}

function createApp(tls: HttpTls | undefined): FastifyInstance {
  const common = { logger: false, forceCloseConnections: true } as const;
  if (tls === undefined) return Fastify(common);
  return Fastify({ ...common, serverFactory: (handler) => createTlsServer({ ...tls }, handler) });
}

function renewTls({ server }: FastifyInstance, tls: HttpTls): void {
  if (!(server instanceof TlsServer)) throw new Error('A server without TLS cannot take it up');
  server.setSecureContext({ ...tls });
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
