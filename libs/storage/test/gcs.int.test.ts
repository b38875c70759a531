import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startGcsEmulator } from '@meshkeeper/sandbox';
import { request } from 'undici';
import { createStorage } from '../src/storage.ts';
import { describeProvider, type StoreUnderTest } from './contract.ts';
import { filesBelow } from './files-below.ts';
import { newKeys, startGcsFront } from './gcs-front.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-gcs-'));
/** What is stopped at the end, whether the tests pass or not. */
const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const server of started) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const { signal } = new AbortController();

async function upload(url: string, key: string, content: string | Buffer, query = ''): Promise<void> {
  const path = `/upload/storage/v1/b/models/o?uploadType=media&name=${encodeURIComponent(key)}${query}`;
  const answer = await request(`${url}${path}`, { method: 'POST', body: content });
  assert.equal(answer.statusCode, 200, await answer.body.text());
}

async function startEmulator(name: string) {
  mkdirSync(join(root, name, 'models'), { recursive: true });
  const emulator = await startGcsEmulator({ folder: join(root, name) });
  started.push(emulator);
  return emulator;
}

async function makeStore(): Promise<StoreUnderTest> {
  const emulator = await startEmulator('contract');
  const front = await startGcsFront(emulator.port);
  const config = () => ({
    type: 'gcs',
    private_key: front.privateKey(),
    client_email: 'puller@example.com',
    token_uri: front.tokenUri,
    endpoint_url: front.url,
    bucket: 'models',
  });
  return {
    place: `bucket 'models'`,
    config,
    wrongCredentials: () => ({ ...config(), private_key: newKeys().privateKey }),
    otherBucket: () => ({ ...config(), bucket: 'no-such-one' }),
    put: (key, content) => upload(emulator.url, key, content),
    rotate: () => Promise.resolve(front.rotate()),
    stop: async () => {
      await front.stop();
      await emulator.stop();
    },
  };
}

describeProvider('gcs', makeStore);

test('without credentials a public bucket is read', async () => {
  const emulator = await startEmulator('anonymous');
  await upload(emulator.url, 'm/a', 'a');
  await upload(emulator.url, 'm/z', gzipSync('unpacked'), '&contentEncoding=gzip');
  await upload(emulator.url, 'bad/../../../evil', 'e');
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const folder = join(root, 'anonymous-models', 'a');
  const config = { type: 'gcs', endpoint_url: emulator.url, bucket: 'models' };
  const pull = (path: string) => storage.pull({ config, targets: [{ path, localName: 'm' }], folder, signal });
  await pull('m');
  assert.deepEqual(filesBelow(folder), { 'm/a': 'a', 'm/z': 'unpacked' });
  await assert.rejects(pull('bad'), {
    reason: 'UnsafePath',
    message: `the key 'bad/../../../evil' cannot be a path below the model's folder`,
  });
  assert.equal(existsSync(folder), false);
  assert.equal(existsSync(join(root, 'evil')), false);
});

test('defect 7: a failed pull fails alone; the next one through the same client works', async () => {
  const emulator = await startEmulator('per-pull');
  for (let index = 0; index < 12; index += 1) await upload(emulator.url, `m/${index}`, 'a');
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const config = { type: 'gcs', endpoint_url: emulator.url, bucket: 'models' };
  const pull = (path: string, name: string) =>
    storage.pull({ config, targets: [{ path, localName: 'm' }], folder: join(root, name), signal });
  const [bad, good] = await Promise.allSettled([pull('absent', 'bad'), pull('m', 'good')]);
  assert.deepEqual([bad.status, good.status], ['rejected', 'fulfilled']);
  await pull('m', 'good');
  assert.equal(Object.keys(filesBelow(join(root, 'good'))).length, 12);
});

test('a token that was revoked is replaced, and the pull does not fail for it', async () => {
  const emulator = await startEmulator('revoked');
  await upload(emulator.url, 'm', 'a');
  const front = await startGcsFront(emulator.port);
  started.unshift(front);
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const config = {
    type: 'gcs',
    private_key: front.privateKey(),
    client_email: 'puller@example.com',
    token_uri: front.tokenUri,
    endpoint_url: front.url,
    bucket: 'models',
  };
  const folder = join(root, 'revoked-model');
  const pull = () => storage.pull({ config, targets: [{ path: 'm', localName: 'm' }], folder, signal });
  await pull();
  front.revoke();
  await pull();
  assert.deepEqual(filesBelow(folder), { m: 'a' });
});
