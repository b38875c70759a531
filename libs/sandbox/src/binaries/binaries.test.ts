import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from './control-plane-binaries.ts';
import { tryFileLock } from './file-lock.ts';
import { buildWithGo } from './go-build.ts';
import { goEnvironment, parseGoMinor } from './go-toolchain.ts';
import { cacheFolder } from './paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'binaries-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('KUBEBUILDER_ASSETS is used as it is, and says what it lacks', () => {
  for (const name of ['etcd', 'kubectl']) writeFileSync(join(folder, name), '', { mode: 0o755 });
  const env = { KUBEBUILDER_ASSETS: folder };
  const message = `KUBEBUILDER_ASSETS is set to ${folder}, which lacks kube-apiserver; add what is missing, or unset it to have everything built.`;
  assert.throws(() => findBinaries(env), { message });
  writeFileSync(join(folder, 'kube-apiserver'), '', { mode: 0o755 });
  const [etcd, kubeApiserver, kubectl] = ['etcd', 'kube-apiserver', 'kubectl'].map((name) => join(folder, name));
  assert.deepEqual(findBinaries(env), { folder, etcd, kubeApiserver, kubectl });
});

test('without assets and without an earlier build there is nothing to use', () => {
  assert.equal(findBinaries({ XDG_CACHE_HOME: join(folder, 'empty') }), undefined);
});

test('the cache has one folder for one content', () => {
  const [first, again] = [cacheFolder({ XDG_CACHE_HOME: '/cache' }), cacheFolder({ XDG_CACHE_HOME: '/cache' })];
  assert.match(first, /^\/cache\/meshkeeper\/control-plane\/[0-9a-f]{16}$/);
  assert.equal(first, again);
});

test('without Go the sentence says what to do', async () => {
  await assert.rejects(
    goEnvironment({ PATH: '/nowhere' }),
    /^Error: The Kubernetes control plane must be built once and Go is not on the PATH: install Go 1\.21/,
  );
});

test('the minor version of Go is read', () => {
  assert.deepEqual(['go1.26.8\n', 'go1.21', 'devel go1.30'].map(parseGoMinor), [26, 21, undefined]);
});

test('a lock is held by one; that of a dead process is taken over', () => {
  const file = join(folder, 'locks', 'a.lock');
  const lock = tryFileLock(file);
  assert.deepEqual(tryFileLock(file), { heldBy: process.pid });
  assert.ok('release' in lock);
  lock.release();
  assert.equal(existsSync(file), false);
  writeFileSync(file, JSON.stringify({ pid: process.pid, identity: 'an earlier process of the same number' }));
  assert.ok('release' in tryFileLock(file));
  assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { readonly pid: number }).pid, process.pid);
});

test('without Go each build names itself, and only what helps it', async () => {
  const need = { subject: 'The object stores', orInstead: { absent: '', tooOld: '' } };
  await assert.rejects(goEnvironment({ PATH: '/nowhere' }, need), {
    message: 'The object stores must be built once and Go is not on the PATH: install Go 1.21 or newer.',
  });
});

test('a second build waits for the first, reports its progress and takes its result', async () => {
  const target = join(folder, 'target');
  const first = tryFileLock(`${target}.lock`);
  assert.ok('release' in first);
  writeFileSync(`${target}.progress`, 'compiled 1 of 2 packages');
  const build = {
    name: 'a build',
    need: { subject: 'It', orInstead: { absent: '', tooOld: '' } },
    moduleFolder: '/nowhere',
    flags: [],
    packages: [],
    missing: () => [],
  };
  const reported: string[] = [];
  await buildWithGo(build, target, (text) => {
    reported.push(text);
    first.release();
  });
  assert.deepEqual(reported, ['compiled 1 of 2 packages']);
});
