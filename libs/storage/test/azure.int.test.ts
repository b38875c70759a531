import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { createStorage } from '../src/storage.ts';
import { startAzurite } from './azurite.ts';
import { describeProvider, type StoreUnderTest } from './contract.ts';
import { filesBelow } from './files-below.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-azure-'));
/** What is stopped at the end, whether the tests pass or not. */
const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const server of started) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const { signal } = new AbortController();
const ACCOUNT = 'account1';
const newKey = (name: string): string => Buffer.from(name.padEnd(64, '.')).toString('base64');

function connectionString(port: number, key: string): string {
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${key};BlobEndpoint=${endpoint};`;
}

function container(port: number, key: string, name: string): ContainerClient {
  return BlobServiceClient.fromConnectionString(connectionString(port, key)).getContainerClient(name);
}

async function makeStore(): Promise<StoreUnderTest> {
  const folder = join(root, 'contract');
  let key = newKey('first');
  let server = await startAzurite({ folder, account: ACCOUNT, key });
  await container(server.port, key, 'models').create();
  const withKey = (key: string) => ({
    type: 'azure',
    account_name: ACCOUNT,
    container: 'models',
    connection_string: connectionString(server.port, key),
  });
  return {
    place: `container 'models'`,
    config: () => withKey(key),
    wrongCredentials: () => withKey(newKey('wrong')),
    otherBucket: () => ({ ...withKey(key), container: 'no-such-one' }),
    put: async (name, content) => {
      const blob = container(server.port, key, 'models').getBlockBlobClient(name);
      await blob.upload(content, Buffer.byteLength(content));
    },
    rotate: async () => {
      await server.stop();
      key = newKey('second');
      server = await startAzurite({ folder, account: ACCOUNT, key, port: server.port });
    },
    stop: () => server.stop(),
  };
}

describeProvider('azure', makeStore);

test('without credentials a public container is read; defect 16: a denied listing is reported, not taken for an empty one', async () => {
  const key = newKey('public');
  const server = await startAzurite({ folder: join(root, 'public'), account: ACCOUNT, key });
  started.push(server);
  const [open, closed] = ['open', 'closed'].map((name) => container(server.port, key, name));
  await open?.create({ access: 'container' });
  await closed?.create();
  await open?.getBlockBlobClient('m/a').upload('a', 1);
  await closed?.getBlockBlobClient('m/a').upload('a', 1);
  const storage = createStorage({ pvcMounts: '/none' });
  started.push(storage);
  const folder = join(root, 'public-model');
  const pull = (name: string) =>
    storage.pull({
      config: {
        type: 'azure',
        account_name: ACCOUNT,
        container: name,
        endpoint_url: `http://127.0.0.1:${server.port}/${ACCOUNT}`,
      },
      targets: [{ path: 'm', localName: 'm' }],
      folder,
      signal,
    });
  await pull('open');
  assert.deepEqual(filesBelow(folder), { 'm/a': 'a' });
  await assert.rejects(pull('closed'), {
    reason: 'Forbidden',
    message: `access to container 'closed' was denied (403)`,
  });
});
