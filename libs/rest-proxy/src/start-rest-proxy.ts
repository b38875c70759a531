import { setTimeout as sleep } from 'node:timers/promises';
import { followTlsFiles, type FollowedTls, type TlsMaterial } from '@meshkeeper/certificates';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { createBackend, type Backend } from './backend.ts';
import { createRestApp } from './http/rest-app.ts';
import type { RestProxySettings } from './settings.ts';
import { createTlsServer } from './tls/listener-tls.ts';
import { checkServerIdentity, createSecureContext, getCACertificates } from 'node:tls';
import type { ChannelTls } from '@meshkeeper/grpc';

export type RestProxy = Stoppable & {
  /** `http://host:port`, or `https:` under TLS. */
  readonly address: string;
};

const TRY_EVERY_MS = 50;

/**
 * Starts to listen as soon as the mesh can be reached, however long that takes. `stop` takes no more calls, and lets those that run come
 * to their end.
 * @throws Error when the TLS files cannot be used, or the port is taken
 */
export async function startRestProxy(settings: RestProxySettings, logger: Logger): Promise<RestProxy> {
  const tls = settings.tls && followTlsFiles(settings.tls, logger);
  const { kind, ...mesh } = settings.backend;
  const identity = () => (kind === 'plain' ? undefined : backendTls(kind, tls?.current()));
  const backend = createBackend({ ...mesh, tls: identity(), maxAnswerBytes: settings.maxAnswerBytes });
  tls?.onChange(() => backend.renew(identity()));
  try {
    await untilReachable(backend, mesh, logger);
    return await listen(settings, { backend, tls, logger });
  } catch (error) {
    await tls?.stop();
    backend.stop();
    throw error;
  }
}

async function untilReachable(backend: Backend, mesh: object, logger: Logger): Promise<void> {
  if (await backend.isReachable()) return;
  logger.info({ mesh }, 'Waiting for the mesh');
  while (!(await backend.isReachable())) await sleep(TRY_EVERY_MS);
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

/**
 * How the mesh is dialled over TLS. It is shown the pod's own certificate, as every member of a mesh shows it to the others, so that the
 * mesh may demand one. What the mesh shows is trusted when an authority that the machine or MM_TLS_TRUST_CERT_PATH knows has signed it for
 * the host that is dialled, or when it is the pod's own certificate: the mesh of the same pod has the same files, and a pod's certificate
 * need not name `localhost`. `unverified` trusts anything.
 */
function backendTls(kind: 'verified' | 'unverified', material: TlsMaterial | undefined): ChannelTls {
  const secureContext = createSecureContext({
    ca: [...getCACertificates('default'), ...(material === undefined ? [] : [material.trusted, material.certificate])],
    // The pod's own certificate is trusted as it is, whether or not its authority is known.
    allowPartialTrustChain: true,
    ...(material !== undefined && { key: material.key, cert: material.certificate }),
  });
  const isOwn = (shown: { readonly raw: Buffer }): boolean => material?.leaf.raw.equals(shown.raw) === true;
  return {
    secureContext,
    rejectUnauthorized: kind === 'verified',
    checkServerIdentity: (host, shown) => (isOwn(shown) ? undefined : checkServerIdentity(host, shown)),
  };
}
