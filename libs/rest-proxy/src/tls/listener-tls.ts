import { createServer, type Server, type ServerOptions } from 'node:https';
import type { RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { FollowedTls, TlsMaterial } from '@meshkeeper/certificates';
import type { ClientAuth } from '../settings.ts';

/**
 * The HTTPS server for clients; it follows the files. A client's certificate may be signed by whatever MM_TLS_TRUST_CERT_PATH names, or
 * be the pod's own or one that it has signed. `OPTIONAL` admits clients without one, but none with one that is not trusted.
 */
export function createTlsServer(tls: FollowedTls, clientAuth: ClientAuth, handler: RequestListener): Server {
  const server = createServer(
    {
      ...contextOf(tls.current(), clientAuth),
      requestCert: clientAuth !== 'NONE',
      rejectUnauthorized: clientAuth === 'REQUIRE',
    },
    handler,
  );
  if (clientAuth === 'OPTIONAL') server.on('secureConnection', refuseUntrusted);
  tls.onChange(() => server.setSecureContext(contextOf(tls.current(), clientAuth)));
  return server;
}

function contextOf({ key, certificate, trusted }: TlsMaterial, clientAuth: ClientAuth): ServerOptions {
  const ca = clientAuth === 'NONE' ? {} : { ca: [trusted, certificate], allowPartialTrustChain: true };
  return { key, cert: certificate, ...ca };
}

function refuseUntrusted(socket: TLSSocket): void {
  const shown = socket.getPeerX509Certificate();
  if (shown !== undefined && !socket.authorized) socket.destroy();
}
