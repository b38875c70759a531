import { followTlsFiles, type FollowedTls, type Logger, type Stoppable } from '@meshkeeper/telemetry';
import { createBackend, type Backend } from './backend.ts';
import { createRestApp } from './http/rest-app.ts';
import type { RestProxySettings } from './settings.ts';
import { backendCredentials } from './tls/backend-credentials.ts';
import { createTlsServer } from './tls/listener-tls.ts';

export type RestProxy = Stoppable & {
  /** `http://host:port`, or `https:` under TLS. */
  readonly address: string;
};

const TRY_MS = 1_000;

/**
 * Starts to listen as soon as the mesh can be reached, however long that takes. `stop` takes no more calls, and lets those that run come
 * to their end.
 * @throws Error when the TLS files cannot be used, or the port is taken
 */
export async function startRestProxy(settings: RestProxySettings, logger: Logger): Promise<RestProxy> {
  const tls = settings.tls && followTlsFiles(settings.tls, logger);
  const backend = createBackend({
    address: settings.backend,
    credentials: backendCredentials(settings.backendTls, tls?.current()),
    maxAnswerBytes: settings.maxAnswerBytes,
  });
  tls?.onChange(() => backend.renew(backendCredentials(settings.backendTls, tls.current())));
  try {
    await untilReachable(backend, settings.backend, logger);
    return await listen(settings, { backend, tls, logger });
  } catch (error) {
    await tls?.stop();
    backend.stop();
    throw error;
  }
}

async function untilReachable(backend: Backend, address: string, logger: Logger): Promise<void> {
  if (await backend.isReachable(TRY_MS)) return;
  logger.info({ address }, 'Waiting for the mesh');
  while (!(await backend.isReachable(TRY_MS)));
}

type Parts = { readonly backend: Backend; readonly tls: FollowedTls | undefined; readonly logger: Logger };

async function listen(settings: RestProxySettings, { backend, tls, logger }: Parts): Promise<RestProxy> {
  const { host, port, maxBodyBytes, clientAuth } = settings;
  const app = createRestApp({
    backend,
    maxBodyBytes,
    logger,
    ...(tls !== undefined && { createServer: (handler) => createTlsServer(tls, clientAuth, handler) }),
  });
  const url = await app.listen({ host, port });
  // Fastify knows nothing of a server that it did not make.
  const address = tls === undefined ? url : url.replace(/^http:/, 'https:');
  logger.info({ address, backend: settings.backend }, 'Listening');
  return {
    address,
    stop: async () => {
      await app.close();
      await tls?.stop();
      backend.stop();
    },
  };
}
