import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStorage } from '../storage.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-pvc-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pvcMounts = join(root, 'pvc_mounts');
const folder = join(root, 'models', 'a-model');
mkdirSync(join(pvcMounts, 'claim', 'dir', 'sub'), { recursive: true });
writeFileSync(join(pvcMounts, 'claim', 'dir', 'model'), 'content');
mkdirSync(join(pvcMounts, 'other'));
writeFileSync(join(pvcMounts, 'other', 'secret'), 'secret');
symlinkSync('../other', join(pvcMounts, 'claim', 'out'));
symlinkSync('/etc', join(pvcMounts, 'claim', 'etc'));
symlinkSync('../nowhere', join(pvcMounts, 'claim', 'broken'));
symlinkSync('dir', join(pvcMounts, 'claim', 'within'));
writeFileSync(join(root, 'a-file'), '');

function pull(path: string, { name = 'claim', localName = 'm', base = pvcMounts, schema = '' } = {}): Promise<void> {
  const targets = [{ path, localName }, ...(schema === '' ? [] : [{ path: schema, localName: '_schema.json' }])];
  return createStorage({ pvcMounts: base }).pull({
    config: { type: 'pvc', name },
    targets,
    folder,
    signal: new AbortController().signal,
  });
}

test('a path of the claim becomes a link, and nothing is copied', async () => {
  await pull('dir/model');
  assert.equal(readlinkSync(join(folder, 'm')), join(pvcMounts, 'claim', 'dir', 'model'));
  await pull('dir/');
  assert.equal(readFileSync(join(folder, 'm', 'model'), 'utf8'), 'content');
});

test('defect 4: the local name is honoured, for the root of the claim and for a schema named like the model', async () => {
  await pull('', { localName: '_model', schema: 'dir/model' });
  assert.equal(readlinkSync(join(folder, '_model')), join(pvcMounts, 'claim'));
  assert.equal(readFileSync(join(folder, '_schema.json'), 'utf8'), 'content');
  await pull('/', { localName: '_model' });
});

test('defect 14: an earlier link is no error', async () => {
  await pull('dir');
  await pull('dir/sub');
  assert.equal(readlinkSync(join(folder, 'm')), join(pvcMounts, 'claim', 'dir', 'sub'));
  assert.ok(existsSync(join(pvcMounts, 'claim', 'dir', 'model')), 'clearing follows no link');
});

test('a link within the claim may be the model', async () => {
  await pull('within');
  assert.equal(readFileSync(join(folder, 'm', 'model'), 'utf8'), 'content');
});

for (const path of ['../other/secret', 'dir/../../other/secret', 'dir/..', 'out/secret', 'out', 'etc/passwd']) {
  test(`a path that leaves the claim is refused: ${path}`, async () => {
    await assert.rejects(pull(path), { reason: 'UnsafePath', message: `the path '${path}' leaves the claim 'claim'` });
    assert.equal(existsSync(folder), false);
  });
}

test('a claim whose name is a path is refused', async () => {
  for (const name of ['..', '.', 'a/b', '../other'])
    await assert.rejects(pull('x', { name }), { reason: 'UnsafePath' });
});

test('a missing base, claim or path is reported', async () => {
  const [none, file] = [join(root, 'none'), join(root, 'a-file')];
  await assert.rejects(pull('x', { base: none }), { message: `the PVC mount base '${none}' doesn't exist` });
  await assert.rejects(pull('x', { base: file }), { message: `the PVC mount base '${file}' is not a directory` });
  const unable = (path: string) => ({
    reason: 'NotFound',
    message: `unable to access model local path '${join(pvcMounts, path)}'`,
  });
  await assert.rejects(pull('absent'), unable('claim/absent'));
  await assert.rejects(pull('broken'), unable('claim/broken'));
  await assert.rejects(pull('m', { name: 'unmounted' }), {
    message:
      /unmounted\/m': the claim 'unmounted' is not mounted in this pod; the storage Secret must name it, or allowAnyPVC be set$/,
  });
});
