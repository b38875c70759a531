import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createAuthority, createLeaf } from '@meshkeeper/sandbox';
import { createStorage } from '../src/storage.ts';
import { startFaultyServer } from './faulty-server.ts';
import { filesBelow } from './files-below.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-http-'));
const folder = join(root, 'model');
const storage = createStorage({ pvcMounts: '/none' });
/** What is stopped at the end, whether the tests pass or not. */
const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  await storage.stop();
  for (const server of started) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function pull(config: object, path = 'a/model.bin'): Promise<Readonly<Record<string, string>>> {
  const targets = [{ path, localName: 'm' }];
  await storage.pull({ config: { type: 'http', ...config }, targets, folder, signal: new AbortController().signal });
  return filesBelow(folder);
}

type Asked = { readonly url: string; readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** Answers each path of `redirects` with where it leads, every other one with a model. */
async function startServer(redirects: Readonly<Record<string, string>> = {}) {
  const server = await startFaultyServer();
  started.push(server);
  const seen: Asked[] = [];
  server.behave((request, response, path) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    const location = redirects[path];
    if (location === undefined) response.end('model');
    else response.writeHead(302, { location }).end('elsewhere');
  });
  return { ...server, seen };
}

test('the path is joined to that of the URL, its query is kept, and the headers are sent', async () => {
  const server = await startServer();
  const headers = { Authorization: 'Bearer t', 'X-Two': ['1', '2'], 'X-None': 5 };
  assert.deepEqual(await pull({ url: `${server.url}/base/?raw=true`, headers }, 'a b/ü/m#1?.bin'), { m: 'model' });
  const [asked] = server.seen;
  assert.equal(asked?.url, '/base/a%20b/%C3%BC/m%231%3F.bin?raw=true');
  assert.equal(asked?.headers['authorization'], 'Bearer t');
  assert.equal(asked?.headers['x-two'], '1, 2');
  assert.equal(asked?.headers['x-none'], undefined);
});

test('a user in the URL is sent as Basic credentials', async () => {
  const server = await startServer();
  await pull({ url: server.url.replace('//', '//me:p%40ss@') });
  assert.equal(server.seen[0]?.headers['authorization'], `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
});

test('a redirect within the server keeps the headers; one to another server does not, even when it leads back', async () => {
  const own = await startServer({ '/a/model.bin': '/b', '/b': 'c/d' });
  const headers = { Authorization: 'Bearer t' };
  await pull({ url: own.url, headers });
  assert.deepEqual(
    own.seen.map(({ url, headers }) => [url, headers['authorization']]),
    [
      ['/a/model.bin', 'Bearer t'],
      ['/b', 'Bearer t'],
      ['/c/d', 'Bearer t'],
    ],
  );
  const back: Record<string, string> = {};
  const foreign = await startServer(back);
  const first = await startServer({ '/a/model.bin': `${foreign.url}/leave` });
  back['/leave'] = `${first.url}/again`;
  await pull({ url: first.url, headers });
  assert.deepEqual(
    [first, foreign].map(({ seen }) => seen.map(({ url, headers }) => [url, headers['authorization']])),
    [
      [
        ['/a/model.bin', 'Bearer t'],
        ['/again', undefined],
      ],
      [['/leave', undefined]],
    ],
  );
});

test('five redirects are followed, no more', async () => {
  const chain = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, index) => [`/${index}`, `/${index + 1}`]));
  const [five, six] = [await startServer(chain(5)), await startServer(chain(6))];
  assert.deepEqual(await pull({ url: five.url }, '0'), { m: 'model' });
  await assert.rejects(pull({ url: six.url }, '0'), { message: `${six.url}/0 redirects more than 5 times` });
});

test('defect 2: an answer that is not 2xx is no model, and its sentence shows neither user nor query', async () => {
  const server = await startFaultyServer();
  started.push(server);
  server.behave((_request, response) => response.writeHead(404).end('not here'));
  const url = `${server.url.replace('//', '//me:secret@')}/?token=secret`;
  await assert.rejects(pull({ url }), { reason: 'NotFound', message: `${server.url}/a/model.bin was not found (404)` });
});

test('defect 3: a private authority and a client certificate are used', async () => {
  const now = new Date();
  const authority = createAuthority('private', now);
  const serverPair = createLeaf(authority, { commonName: 's', usage: 'server', hosts: ['127.0.0.1'] }, now);
  const clientPair = createLeaf(authority, { commonName: 'the-puller', usage: 'client' }, now);
  const names: unknown[] = [];
  const options = { cert: serverPair.certificate, key: serverPair.key, ca: authority.certificate, requestCert: true };
  const server = createHttps({ ...options, rejectUnauthorized: true }, (request, response) => {
    names.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    response.end('model');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  started.push({
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { certificate } = authority;
  const pair = { client_certificate: clientPair.certificate, client_key: clientPair.key };
  assert.deepEqual(await pull({ url, certificate, ...pair }), { m: 'model' });
  assert.deepEqual(names, ['the-puller']);
  const host = url.slice('https://'.length);
  await assert.rejects(pull({ url, ...pair }), {
    reason: 'InvalidConfig',
    message: new RegExp(`^the certificate of ${host} is not trusted \\([A-Z_]+\\)$`),
  });
  await assert.rejects(pull({ url, certificate }), { name: 'StorageError', message: new RegExp(host) });
  await assert.rejects(pull({ url, certificate, client_key: clientPair.key }), {
    reason: 'InvalidConfig',
    message: `both 'client_certificate' and 'client_key' must be specified for authentication`,
  });
});
