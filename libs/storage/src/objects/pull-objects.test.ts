import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { DEFAULT_LIMITS } from '../limits.ts';
import { StorageError } from '../storage-error.ts';
import { pullObjects, type Bucket } from './pull-objects.ts';

const root = mkdtempSync(join(tmpdir(), 'pull-objects-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A bucket in memory, whose keys may be anything. */
function bucketOf(objects: Readonly<Record<string, string>>): Bucket {
  const keys = Object.keys(objects);
  return {
    name: `bucket 'b'`,
    host: 'h',
    parallel: 3,
    list: (prefix, next, pageSize) => {
      const matching = keys.filter((key) => key.startsWith(prefix));
      const start = Number(next ?? 0);
      const page = matching.slice(start, start + pageSize);
      const end = start + page.length;
      return Promise.resolve({
        objects: page.map((key) => ({ key, bytes: Buffer.byteLength(objects[key] ?? '') })),
        next: end < matching.length ? String(end) : undefined,
      });
    },
    read: (key) => Promise.resolve({ body: Readable.from([Buffer.from(objects[key] ?? '')]), announced: undefined }),
    facts: (error) => ({ code: String((error as NodeJS.ErrnoException).code) }),
  };
}

const { signal } = new AbortController();

/** The names of everything in the folder beside the model's, which must stay as they are. */
function surroundings(outer: string): readonly string[] {
  return readdirSync(outer, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'model' && !name.startsWith('model/'))
    .sort();
}

const name = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('..', '.', '', 'a', 'b', 'link', 'file', '../..', '\0', '/', 'x'.repeat(300)),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const key = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => `p/${names.join('/')}`);

test('property: nothing is ever written outside the folder, whatever the keys say and the folder holds', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, fc.string({ minLength: 1, maxLength: 3 }), { maxKeys: 6 }), async (objects) => {
      run += 1;
      const outer = join(root, String(run));
      mkdirSync(join(outer, 'victim'), { recursive: true });
      writeFileSync(join(outer, 'victim', 'a'), 'untouched');
      const folder = join(outer, 'model');
      mkdirSync(join(folder, 'm'), { recursive: true });
      // Links that another process creates during the pull.
      symlinkSync('../../victim', join(folder, 'm', 'link'));
      symlinkSync(join(outer, 'victim', 'a'), join(folder, 'm', 'file'));
      const before = surroundings(outer);
      await pullObjects(
        bucketOf(objects),
        { targets: [{ path: 'p', localName: 'm' }], folder, signal },
        DEFAULT_LIMITS,
      ).catch((error: unknown) => assert.ok(error instanceof StorageError, String(error)));
      assert.deepEqual(surroundings(outer), before);
      assert.equal(readFileSync(join(outer, 'victim', 'a'), 'utf8'), 'untouched');
    }),
  );
});

test('a link in the place of a folder is refused; one in the place of a file is replaced', async () => {
  const folder = join(root, 'links');
  mkdirSync(join(folder, 'm'), { recursive: true });
  symlinkSync(root, join(folder, 'm', 'sub'));
  const pull = (objects: Readonly<Record<string, string>>) =>
    pullObjects(bucketOf(objects), { targets: [{ path: 'p', localName: 'm' }], folder, signal }, DEFAULT_LIMITS);
  await assert.rejects(pull({ 'p/sub/evil': 'e' }), {
    reason: 'UnsafePath',
    message: `'sub' in the model's folder is not a folder`,
  });
  assert.equal(existsSync(join(root, 'evil')), false);
  await pull({ 'p/sub': 'a file' });
});

test('the bytes of all targets are counted', async () => {
  const folder = join(root, 'bytes');
  mkdirSync(folder);
  const targets = [
    { path: 'a', localName: 'a' },
    { path: 'b', localName: 'b' },
  ];
  assert.equal(await pullObjects(bucketOf({ 'a/x': '12', b: '345' }), { targets, folder, signal }, DEFAULT_LIMITS), 5);
});

test('a schema that matches nothing fails the pull', async () => {
  const folder = join(root, 'schema');
  mkdirSync(folder);
  const targets = [
    { path: 'a', localName: 'a' },
    { path: 's.json', localName: 's.json' },
  ];
  await assert.rejects(pullObjects(bucketOf({ a: '1' }), { targets, folder, signal }, DEFAULT_LIMITS), {
    reason: 'NotFound',
    message: `no object of bucket 'b' matches the path 's.json'`,
  });
});
