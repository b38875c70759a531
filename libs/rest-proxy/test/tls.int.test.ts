import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { createAuthority, createLeaf, waitFor, type Certificate } from '@meshkeeper/sandbox';
import { startFakeMesh, startTlsFront, type FakeMesh, type TlsFront } from './fake-mesh.ts';
import { createFiles, startProxy, type ProxyOptions, type RunningProxy } from './rest-proxy-fixture.ts';

const now = new Date();
const authority = createAuthority('pods', now);
const stranger = createAuthority('strangers', now);
/** As a Service's certificate is: it names no localhost. */
const pod = createLeaf(authority, { commonName: 'pod', usage: 'both', hosts: ['modelmesh-serving.ns.svc'] }, now);
const client = createLeaf(authority, { commonName: 'client', usage: 'client' }, now);

const files = createFiles();
let mesh: FakeMesh;

beforeAll(async () => {
  mesh = await startFakeMesh();
});

afterAll(async () => {
  await mesh.stop();
  files.remove();
});

function tlsEnvironment(more: Record<string, string> = {}): Record<string, string> {
  return {
    REST_PROXY_USE_TLS: 'true',
    MM_TLS_KEY_CERT_PATH: files.write('tls.crt', pod.certificate),
    MM_TLS_PRIVATE_KEY_PATH: files.write('tls.key', pod.key),
    ...more,
  };
}

const trust = (...paths: readonly string[]): Record<string, string> => ({ MM_TLS_TRUST_CERT_PATH: paths.join(',') });

type Shown = { readonly status: number; readonly commonName: string };

/** Asks over HTTPS with a connection of its own. @throws when the handshake fails */
function ask(port: number, own?: Certificate, path = '/v2/models/m'): Promise<Shown> {
  return new Promise((resolve, reject) => {
    const identity = own === undefined ? {} : { key: own.key, cert: own.certificate };
    const options = {
      host: '127.0.0.1',
      port,
      path,
      ca: authority.certificate,
      checkServerIdentity: () => undefined,
      agent: false,
      ...identity,
    };
    const request = httpsRequest(options, (reply) => {
      const { subject } = (reply.socket as TLSSocket).getPeerCertificate();
      reply.resume();
      resolve({ status: reply.statusCode ?? 0, commonName: String(subject.CN) });
    });
    request.on('error', reject).end();
  });
}

/** Ready when it listens, also to clients that it turns away. */
const listens = async (port: number): Promise<boolean> => {
  try {
    return (await ask(port, client, '/v2/health/live')).status === 200;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
  }
};

async function withProxy(
  front: TlsFront,
  options: ProxyOptions,
  use: (proxy: RunningProxy) => Promise<void>,
): Promise<void> {
  const proxy = await startProxy(front.port, { ready: listens, ...options });
  try {
    await use(proxy);
  } finally {
    await proxy.stop();
    front.stop();
  }
}

test("the mesh's certificate is trusted when it is the pod's own, although it does not name localhost and its authority is unknown", async () => {
  const front = await startTlsFront(mesh.port, pod);
  await withProxy(front, { env: tlsEnvironment() }, async ({ port }) => {
    assert.deepEqual(await ask(port), { status: 200, commonName: 'pod' });
  });
});

test('a mesh that demands a certificate is shown the one of the pod', async () => {
  const front = await startTlsFront(mesh.port, { ...pod, clientCa: authority.certificate });
  const env = tlsEnvironment({ ...trust(files.write('ca.crt', authority.certificate)), MM_TLS_CLIENT_AUTH: 'REQUIRE' });
  await withProxy(front, { env }, async ({ port }) => {
    assert.equal((await ask(port, client)).status, 200);
    assert.deepEqual(front.clients, ['pod']);
  });
});

test("another certificate than the pod's own has to name the host and to be signed by who is trusted", async () => {
  const named = createLeaf(authority, { commonName: 'other', usage: 'server', hosts: ['127.0.0.1'] }, now);
  const trusted = trust(files.write('ca.crt', authority.certificate));
  const front = await startTlsFront(mesh.port, named);
  await withProxy(front, { env: tlsEnvironment(trusted) }, async ({ port }) => {
    assert.equal((await ask(port)).status, 200);
  });
  const unnamed = createLeaf(authority, { commonName: 'unnamed', usage: 'server', hosts: ['elsewhere'] }, now);
  const unknown = createLeaf(stranger, { commonName: 'unknown', usage: 'server', hosts: ['127.0.0.1'] }, now);
  for (const certificate of [unnamed, unknown]) {
    const front = await startTlsFront(mesh.port, certificate);
    const ready = async (): Promise<boolean> => front.tries() > 2;
    await withProxy(front, { env: tlsEnvironment(trusted), ready }, async ({ port }) => {
      await assert.rejects(ask(port), { code: 'ECONNREFUSED' });
    });
  }
});

test('SKIP_VERIFY takes any certificate', async () => {
  const front = await startTlsFront(mesh.port, createLeaf(stranger, { commonName: 'x', usage: 'server' }, now));
  await withProxy(front, { env: tlsEnvironment({ REST_PROXY_SKIP_VERIFY: 'true' }) }, async ({ port }) => {
    assert.equal((await ask(port)).status, 200);
  });
});

test('REQUIRE admits only clients with a trusted certificate', async () => {
  const env = tlsEnvironment({ ...trust(files.write('ca.crt', authority.certificate)), MM_TLS_CLIENT_AUTH: 'REQUIRE' });
  const front = await startTlsFront(mesh.port, pod);
  await withProxy(front, { env }, async ({ port }) => {
    assert.equal((await ask(port, client)).status, 200);
    assert.equal((await ask(port, pod)).status, 200);
    await assert.rejects(ask(port));
    await assert.rejects(ask(port, createLeaf(stranger, { commonName: 'x', usage: 'client' }, now)));
  });
});

test('OPTIONAL lets in clients without a certificate, and none with one that is not trusted', async () => {
  const env = tlsEnvironment({
    ...trust(files.write('ca.crt', authority.certificate)),
    MM_TLS_CLIENT_AUTH: 'OPTIONAL',
  });
  const front = await startTlsFront(mesh.port, pod);
  await withProxy(front, { env }, async ({ port }) => {
    assert.equal((await ask(port)).status, 200);
    assert.equal((await ask(port, client)).status, 200);
    await assert.rejects(ask(port, createLeaf(stranger, { commonName: 'x', usage: 'client' }, now)));
  });
});

test('files that change are taken up, for clients and for the mesh, and halves of a change are not', async () => {
  const ca = files.write('ca.crt', authority.certificate);
  const env = tlsEnvironment({ ...trust(ca), MM_TLS_CLIENT_AUTH: 'REQUIRE' });
  const named = createLeaf(authority, { commonName: 'mesh', usage: 'server', hosts: ['127.0.0.1'] }, now);
  const front = await startTlsFront(mesh.port, { ...named, clientCa: authority.certificate });
  await withProxy(front, { env }, async ({ port }) => {
    const next = createLeaf(authority, { commonName: 'next', usage: 'both', hosts: ['127.0.0.1'] }, now);
    files.write('tls.crt', next.certificate);
    assert.equal((await ask(port, client)).commonName, 'pod');
    files.write('tls.key', next.key);
    const isNew = async () => (await ask(port, client)).commonName === 'next' && front.clients.includes('next');
    await waitFor(isNew, { timeoutMs: 10_000, what: 'the new certificate' });
    assert.equal((await ask(port, client)).status, 200);
  });
});
