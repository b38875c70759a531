import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageConfig } from './provider.ts';
import { createStorage, type PullReport } from './storage.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, 'model');

const s3 = { type: 's3', access_key_id: 'i', secret_access_key: 's', endpoint_url: 'http://127.0.0.1:1', region: 'r' };
const azure = { type: 'azure', account_name: 'a', container: 'c' };
const gcs = { type: 'gcs', bucket: 'b' };
const both = 'both the Azure account name and storage container name must be specified';
const pair = 'both private key and client email must be specified for authentication';
const without = (config: StorageConfig, key: string): StorageConfig => ({ ...config, [key]: undefined });
const missing = (key: string): string => `missing required string configuration '${key}'`;
const perPull = (key: string): string => `required configuration '${key}' missing from command`;

const REFUSED: readonly [StorageConfig, string][] = [
  [{ type: 'ftp' }, `could not process pull command: no provider registered for repositories of type 'ftp'`],
  [{ type: 'toString' }, `could not process pull command: no provider registered for repositories of type 'toString'`],
  [{}, `could not process pull command: no provider registered for repositories of type ''`],
  ...['access_key_id', 'secret_access_key', 'endpoint_url', 'region'].map((key): [StorageConfig, string] => [
    without(s3, key),
    missing(key),
  ]),
  [{ ...s3, region: 5 }, missing('region')],
  [s3, perPull('bucket')],
  [{ ...s3, bucket: 'b', endpoint_url: 'http://' }, `the configuration 'endpoint_url' is not an http(s) URL`],
  [{ ...s3, bucket: 'b', endpoint_url: 'ftp://h' }, `the configuration 'endpoint_url' is not an http(s) URL`],
  [{ ...s3, bucket: 'b', certificate: 'x' }, `the configuration 'certificate' is not a PEM certificate`],
  [{ type: 'gcs' }, perPull('bucket')],
  [{ ...gcs, private_key: 'k' }, pair],
  [{ ...gcs, client_email: 'e' }, pair],
  [{ ...gcs, client_email: 'e', private_key: 'k' }, `the configuration 'private_key' is not a PEM private key`],
  [without(azure, 'account_name'), both],
  [without(azure, 'container'), both],
  [{ ...azure, connection_string: 'x' }, `the configuration 'connection_string' is not an Azure connection string`],
  [
    { ...azure, client_id: 'i', client_secret: 's', tenant_id: 'not / an id' },
    `the configuration 'tenant_id' is not the id of a tenant`,
  ],
  [{ type: 'http' }, perPull('url')],
  [{ type: 'http', url: 'file:///etc/passwd' }, `the configuration 'url' is not an http(s) URL`],
  [
    { type: 'http', url: 'http://h', client_key: 'k' },
    `both 'client_certificate' and 'client_key' must be specified for authentication`,
  ],
  [
    { type: 'http', url: 'http://h', client_key: 'k', client_certificate: 'c' },
    `the configurations 'client_certificate' and 'client_key' are not a PEM certificate and its key`,
  ],
  [{ type: 'pvc' }, perPull('name')],
];
for (const [config, message] of REFUSED) {
  test(`${JSON.stringify(config)} is refused: ${message}`, async () => {
    const reports: PullReport[] = [];
    const storage = createStorage({ pvcMounts: root, onPull: (report) => void reports.push(report) });
    const targets = [{ path: 'p', localName: 'p' }];
    const pulled = storage.pull({ config, targets, folder, signal: new AbortController().signal });
    await assert.rejects(pulled, { name: 'StorageError', reason: 'InvalidConfig', kind: 'Terminal', message });
    const known = ['s3', 'gcs', 'azure', 'http', 'pvc'].includes(String(config['type']));
    assert.deepEqual(
      reports.map(({ type, bytes, failure }) => [type, bytes, failure]),
      [[known ? config['type'] : 'unknown', 0, 'InvalidConfig']],
    );
    assert.equal(existsSync(folder), false);
    await storage.stop();
  });
}

const pvc = (localNames: readonly string[], signal = new AbortController().signal): Promise<void> =>
  createStorage({ pvcMounts: join(root, 'mounts') }).pull({
    config: { type: 'pvc', name: 'claim' },
    targets: localNames.map((localName) => ({ path: '', localName })),
    folder,
    signal,
  });

test('a local name that is not one name is refused', async () => {
  for (const name of ['', '.', '..', 'a/b', '/a', 'a\0b', 'x'.repeat(256)]) {
    await assert.rejects(pvc([name]), { reason: 'UnsafePath' }, name);
  }
  await assert.rejects(pvc(['a', 'a']), { reason: 'UnsafePath', message: 'two targets have the same name' });
});

test('a folder that is a link is replaced, and what it led to is untouched', async () => {
  mkdirSync(join(root, 'mounts', 'claim'), { recursive: true });
  mkdirSync(join(root, 'victim'));
  writeFileSync(join(root, 'victim', 'file'), 'untouched');
  symlinkSync(join(root, 'victim'), folder);
  await pvc(['m']);
  assert.equal(readFileSync(join(root, 'victim', 'file'), 'utf8'), 'untouched');
  assert.ok(existsSync(join(folder, 'm')));
  assert.equal(existsSync(join(root, 'victim', 'm')), false);
});

test('a pull that is cancelled before it begins leaves nothing', async () => {
  await assert.rejects(pvc(['m'], AbortSignal.abort()), { reason: 'Cancelled', kind: 'Transient' });
  assert.equal(existsSync(folder), false);
});
