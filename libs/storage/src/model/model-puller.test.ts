import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { PullRequest } from '../provider.ts';
import { StorageError } from '../storage-error.ts';
import { createStorage, type Storage } from '../storage.ts';
import { ModelKeyError } from './model-key.ts';
import { createModelPuller } from './model-puller.ts';

const base = mkdtempSync(join(tmpdir(), 'model-puller-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const [root, configDir, pvcMounts] = ['models', 'storage-config', 'pvc_mounts'].map((name) => join(base, name)) as [
  string,
  string,
  string,
];
for (const folder of [root, configDir, join(pvcMounts, 'claim', 'm')]) mkdirSync(folder, { recursive: true });
writeFileSync(join(pvcMounts, 'claim', 'm', 'weights'), '0123456789');
writeFileSync(join(pvcMounts, 'claim', 's.json'), '{}');

const { signal } = new AbortController();
const ID = 'example__isvc-6b2eb0b8bf';

function secret(entries: Readonly<Record<string, object | string>>): void {
  rmSync(configDir, { recursive: true });
  // As kubelet does it: the keys are links into a folder that is swapped.
  mkdirSync(join(configDir, '..data'), { recursive: true });
  for (const [key, value] of Object.entries(entries)) {
    writeFileSync(join(configDir, '..data', key), typeof value === 'string' ? value : JSON.stringify(value));
    symlinkSync(join('..data', key), join(configDir, key));
  }
}

/** A storage that only records its requests. */
function rememberingStorage(failure?: Error): Storage & { readonly requests: PullRequest[] } {
  const requests: PullRequest[] = [];
  return {
    requests,
    pull: (request) => {
      requests.push(request);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    stop: () => Promise.resolve(),
  };
}

/** The configuration that a key leads to. */
async function configOf(key: object | string): Promise<unknown> {
  const storage = rememberingStorage();
  const modelKey = typeof key === 'string' ? key : JSON.stringify(key);
  await createModelPuller({ root, configDir, storage }).pull(
    { modelId: ID, modelType: 't', modelPath: 'p', modelKey },
    signal,
  );
  return JSON.parse(JSON.stringify(storage.requests[0]?.config));
}

test('a model of a claim is pulled, measured through its link, and its key rewritten', async () => {
  secret({ disk: { type: 'pvc', name: 'claim' } });
  const puller = createModelPuller({ root, configDir, storage: createStorage({ pvcMounts }) });
  const key = { storage_key: 'disk', model_type: { name: 'onnx' }, schema_path: 's.json' };
  const model = { modelId: ID, modelType: 'mt:onnx', modelPath: 'm', modelKey: JSON.stringify(key) };
  const pulled = await puller.pull(model, signal);
  assert.deepEqual(
    { ...pulled, modelKey: JSON.parse(pulled.modelKey) as unknown },
    {
      modelId: ID,
      modelType: 'mt:onnx',
      modelPath: join(root, ID, 'm'),
      modelKey: { model_type: { name: 'onnx' }, disk_size_bytes: 10, schema_path: join(root, ID, 's.json') },
    },
  );
  mkdirSync(join(root, '_onnx_models'));
  assert.deepEqual(await puller.present(), [ID]);
  await puller.remove(ID);
  await puller.remove(ID);
  assert.deepEqual(await puller.present(), []);
  assert.ok(existsSync(join(pvcMounts, 'claim', 'm', 'weights')), 'removing follows no link');
});

test('nothing is present below a root that is not there', async () => {
  const puller = createModelPuller({ root: join(base, 'absent'), configDir, storage: rememberingStorage() });
  assert.deepEqual(await puller.present(), []);
});

test('the named entry of the Secret is used, with the parameters over it', async () => {
  secret({ mine: { type: 's3', bucket: 'b', headers: { x: 'y' } } });
  const params = { bucket: 'c', 'headers.x': 'z' };
  assert.deepEqual(await configOf({ storage_key: 'mine', storage_params: params }), {
    type: 's3',
    bucket: 'c',
    headers: { x: 'z' },
  });
});

test('without a key the default of the type is used, else the default, else nothing', async () => {
  secret({ default: { type: 's3', region: 'd' }, default_gcs: { type: 'gcs', token_uri: 't' } });
  assert.deepEqual(await configOf({}), { type: 's3', region: 'd' });
  assert.deepEqual(await configOf({ storage_params: { type: 'gcs', bucket: 'b' } }), {
    type: 'gcs',
    token_uri: 't',
    bucket: 'b',
  });
  assert.deepEqual(await configOf({ storage_params: { type: 'http', url: 'u' } }), { type: 'http', url: 'u' });
  secret({ default_http: 'no JSON' });
  assert.deepEqual(await configOf({ storage_params: { type: 'http', url: 'u' } }), { type: 'http', url: 'u' });
});

test('the Secret is read again for each model', async () => {
  secret({ mine: { type: 's3', secret_access_key: 'old' } });
  await configOf({ storage_key: 'mine' });
  secret({ mine: { type: 's3', secret_access_key: 'new' } });
  assert.deepEqual(await configOf({ storage_key: 'mine' }), { type: 's3', secret_access_key: 'new' });
});

test('legacy: `default_bucket` fills an absent bucket of s3, `bucket` beside the parameters replaces one that is there', async () => {
  secret({
    a: { type: 's3', default_bucket: 'd' },
    b: { type: 's3', default_bucket: 'd', bucket: 'own' },
    c: { type: 'gcs', default_bucket: 'd' },
  });
  assert.deepEqual(await configOf({ storage_key: 'a' }), { type: 's3', default_bucket: 'd', bucket: 'd' });
  assert.deepEqual(await configOf({ storage_key: 'b' }), { type: 's3', default_bucket: 'd', bucket: 'own' });
  assert.deepEqual(await configOf({ storage_key: 'b', bucket: 'x' }), { type: 's3', default_bucket: 'd', bucket: 'x' });
  assert.deepEqual(await configOf({ storage_key: 'c', bucket: 'x' }), { type: 'gcs', default_bucket: 'd' });
});

test('each step fails with its own sentence', async () => {
  secret({ broken: '{"secret":"s3cr3t"', list: [], mine: { region: 'r' } });
  const missing = (key: string) => `Did not find storage config for key ${key}: Storage secretKey not found: ${key}`;
  const cases: readonly [object | string, string][] = [
    ['{', `Invalid modelKey in LoadModelRequest. Error processing JSON '{'`],
    [{ storage_key: 'absent' }, missing('absent')],
    [{ storage_key: '../storage-config/mine' }, missing('../storage-config/mine')],
    [{ storage_key: '..data' }, missing('..data')],
    [{ storage_key: 'broken' }, 'Did not find storage config for key broken: it is not a JSON object'],
    [{ storage_key: 'list' }, 'Did not find storage config for key list: it is not a JSON object'],
    [{ storage_key: 'mine' }, 'Predictor Storage field missing'],
    [{}, 'Predictor Storage field missing'],
    [{ storage_params: { 'type.x': 'y' } }, 'Predictor Storage field missing'],
  ];
  for (const [key, message] of cases) {
    const error = await configOf(key).catch((error: unknown) => error);
    assert.ok(error instanceof ModelKeyError, JSON.stringify(key));
    assert.equal(error.message, message);
    assert.equal(error.cause, undefined);
  }
});

test('a failed pull keeps its reason, and says that it is the pull that failed', async () => {
  secret({ default: { type: 's3' } });
  const storage = rememberingStorage(new StorageError('Forbidden', `access to bucket 'b' was denied (403)`));
  const pulled = createModelPuller({ root, configDir, storage }).pull(
    { modelId: ID, modelType: 't', modelPath: 'p', modelKey: '{}' },
    signal,
  );
  await assert.rejects(pulled, {
    name: 'StorageError',
    reason: 'Forbidden',
    kind: 'Terminal',
    message: `Failed to pull model from storage due to error: access to bucket 'b' was denied (403)`,
  });
});

test('an id that cannot be the name of a folder is refused before anything is touched', async () => {
  const puller = createModelPuller({ root, configDir, storage: createStorage({ pvcMounts }) });
  for (const modelId of ['', '.', '..', 'a/b', '../models', '/etc', 'a\0', 'x'.repeat(256), '_onnx_models']) {
    const refused = {
      reason: 'UnsafePath',
      message: `the model id '${modelId}' cannot be the name of a model's folder`,
    };
    await assert.rejects(puller.remove(modelId), refused);
    await assert.rejects(puller.pull({ modelId, modelType: 't', modelPath: 'm', modelKey: '{}' }, signal), refused);
  }
  assert.ok(existsSync(configDir) && existsSync(join(root, '_onnx_models')));
});

test('property: whatever ids, paths and keys say, nothing outside the root changes', async () => {
  secret({ default_pvc: { type: 'pvc', name: 'claim' } });
  const others = (): readonly string[] =>
    readdirSync(base, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('models/'))
      .sort();
  const before = others();
  const text = fc.oneof(
    fc
      .array(fc.constantFrom('..', '.', '', 'm', 's.json', '/', '\0', 'claim', 'models', '_'), { maxLength: 4 })
      .map((parts) => parts.join('/')),
    fc.string({ maxLength: 8 }),
  );
  const puller = createModelPuller({ root, configDir, storage: createStorage({ pvcMounts }) });
  await fc.assert(
    fc.asyncProperty(text, text, text, text, async (modelId, modelPath, schema, name) => {
      const modelKey = JSON.stringify({ schema_path: schema, storage_params: { type: 'pvc', name } });
      const pulled = await puller
        .pull({ modelId, modelType: 't', modelPath, modelKey }, signal)
        .catch((error: unknown) => {
          assert.ok(error instanceof StorageError || error instanceof ModelKeyError, String(error));
        });
      if (pulled !== undefined) assert.ok(pulled.modelPath.startsWith(`${join(root, modelId)}/`));
      await puller.remove(modelId).catch((error: unknown) => assert.ok(error instanceof StorageError));
      assert.deepEqual(others(), before);
    }),
  );
});
