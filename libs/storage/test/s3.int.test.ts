import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createAuthority, createLeaf, startObjectStore, type ObjectStoreOptions } from '@meshkeeper/sandbox';
import { createStorage } from '../src/storage.ts';
import { describeProvider, type StoreUnderTest } from './contract.ts';
import { filesBelow } from './files-below.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-s3-'));
/** What is stopped at the end, whether the tests pass or not. */
const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const server of started) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const { signal } = new AbortController();

async function makeStore(name: string, tls?: ObjectStoreOptions['tls']): Promise<StoreUnderTest> {
  const folder = join(root, name);
  mkdirSync(join(folder, 'models'), { recursive: true });
  let secret = 'first-secret-key';
  const start = (port?: number) =>
    startObjectStore({
      folder,
      accessKeyId: 'an-access-key',
      secretAccessKey: secret,
      ...(port === undefined ? {} : { port }),
      ...(tls === undefined ? {} : { tls }),
    });
  let server = await start();
  const config = () => ({
    type: 's3',
    access_key_id: 'an-access-key',
    secret_access_key: secret,
    endpoint_url: server.url,
    region: 'us-east-1',
    bucket: 'models',
  });
  return {
    place: `bucket 'models'`,
    config,
    wrongCredentials: () => ({ ...config(), secret_access_key: 'not-the-secret-key' }),
    otherBucket: () => ({ ...config(), bucket: 'no-such-one' }),
    put: async (key, content) => {
      const file = join(folder, 'models', key);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    rotate: async () => {
      await server.stop();
      secret = 'second-secret-key';
      server = await start(server.port);
    },
    stop: () => server.stop(),
  };
}

describeProvider('s3', () => makeStore('plain'));

test('more objects than a page of the server holds are all pulled', async () => {
  const store = await makeStore('many');
  started.push(store);
  for (let index = 0; index < 1_003; index += 1) await store.put(`m/${index}`, String(index));
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const folder = join(root, 'many-models');
  await storage.pull({ config: store.config(), targets: [{ path: 'm', localName: 'm' }], folder, signal });
  assert.equal(Object.keys(filesBelow(folder)).length, 1_003);
});

test('a store with a private authority is trusted by `certificate`, and by nothing else', async () => {
  const now = new Date();
  const [authority, other] = [createAuthority('private', now), createAuthority('other', now)];
  const leaf = createLeaf(authority, { commonName: 'store', usage: 'server', hosts: ['127.0.0.1'] }, now);
  const tls = { certFile: join(root, 'tls.crt'), keyFile: join(root, 'tls.key') };
  writeFileSync(tls.certFile, leaf.certificate);
  writeFileSync(tls.keyFile, leaf.key);
  const store = await makeStore('private', tls);
  started.push(store);
  await store.put('a', 'a');
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const folder = join(root, 'tls-model');
  const pull = (certificate: object) =>
    storage.pull({
      config: { ...store.config(), ...certificate },
      targets: [{ path: 'a', localName: 'a' }],
      folder,
      signal,
    });
  await pull({ certificate: authority.certificate });
  assert.deepEqual(filesBelow(folder), { a: 'a' });
  const untrusted = /^StorageError: the certificate of 127\.0\.0\.1:\d+ is not trusted \([A-Z_]+\)$/;
  await assert.rejects(pull({}), untrusted);
  await assert.rejects(pull({ certificate: other.certificate }), untrusted);
  await assert.rejects(pull({ certificate: 'text' }), {
    reason: 'InvalidConfig',
    message: `the configuration 'certificate' is not a PEM certificate`,
  });
});
