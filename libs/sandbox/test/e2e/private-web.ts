import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAuthority, createLeaf } from '../../src/index.ts';

const DIGITS = join(import.meta.dirname, '../../../../examples/models/digits.onnx');

export type PrivateWeb = {
  readonly url: string;
  /** Certificates and a client's key, PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  stop(): void;
};

/** An HTTPS server of a private authority, for those alone who show a certificate of it and send the token as header `X-Token`. */
export async function startPrivateWeb(token: string): Promise<PrivateWeb> {
  const now = new Date();
  const authority = createAuthority('private', now);
  const served = createLeaf(authority, { commonName: 'web', usage: 'server', hosts: ['127.0.0.1'] }, now);
  const client = createLeaf(authority, { commonName: 'puller', usage: 'client' }, now);
  const tls = { key: served.key, cert: served.certificate, ca: authority.certificate, requestCert: true };
  const server = createServer({ ...tls, rejectUnauthorized: true }, (request, response) => {
    if (request.headers['x-token'] !== token) response.writeHead(403).end();
    else if (request.url !== '/models/digits.onnx') response.writeHead(404).end('no such file');
    else response.end(readFileSync(DIGITS));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    ca: authority.certificate,
    cert: client.certificate,
    key: client.key,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
