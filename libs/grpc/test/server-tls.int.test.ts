import assert from 'node:assert/strict';
import { credentials } from '@grpc/grpc-js';
import { createAuthority, createLeaf } from '@meshkeeper/sandbox';
import { echo, HELLO, openPeer, peerRefusal, startWire } from './fixture.ts';

describe('our server with TLS', () => {
  const now = new Date();
  const authority = createAuthority('ca', now);
  const stranger = createAuthority('stranger', now);
  const host = createLeaf(authority, { commonName: 'mesh', usage: 'both', hosts: ['127.0.0.1', 'localhost'] }, now);
  const client = createLeaf(authority, { commonName: 'client', usage: 'client' }, now);
  const strange = createLeaf(stranger, { commonName: 'client', usage: 'client' }, now);
  const shows = (leaf?: { readonly key: string; readonly certificate: string }) =>
    credentials.createSsl(
      Buffer.from(authority.certificate),
      leaf === undefined ? null : Buffer.from(leaf.key),
      leaf === undefined ? null : Buffer.from(leaf.certificate),
    );
  const cases = [
    { clientAuth: 'NONE', none: /^OK/, good: /^OK/, bad: /^OK/ },
    { clientAuth: 'OPTIONAL', none: /^OK/, good: /^OK/, bad: /^14/ },
    { clientAuth: 'REQUIRE', none: /^14/, good: /^OK/, bad: /^14/ },
  ] as const;
  for (const { clientAuth, ...want } of cases) {
    test(`clientAuth ${clientAuth}: no, a good and a bad certificate`, async () => {
      const server = await startWire(echo, {
        tls: { key: host.key, cert: host.certificate, ca: authority.certificate, clientAuth },
      });
      const leaves = { none: undefined, good: client, bad: strange };
      for (const name of ['none', 'good', 'bad'] as const) {
        const peer = openPeer(server.address, shows(leaves[name]));
        assert.match(await peerRefusal(peer.call(HELLO, { deadline: Date.now() + 5_000 })), want[name], name);
        peer.close();
      }
      await server.stop(1_000);
    });
  }
});
