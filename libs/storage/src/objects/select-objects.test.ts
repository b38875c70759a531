import assert from 'node:assert/strict';
import { posix } from 'node:path';
import * as fc from 'fast-check';
import { StorageError } from '../storage-error.ts';
import { planObjects, refuseConflicts, selectObjects, type StoredObject } from './select-objects.ts';

const listing = (keys: readonly string[]): readonly StoredObject[] => keys.map((key) => ({ key, bytes: 1 }));
const plan = (keys: readonly string[], path: string, localName = 'm'): readonly string[] =>
  planObjects(selectObjects(listing(keys), path), { path, localName }).map(({ segments }) => segments.join('/'));

const CASES: readonly [string, readonly string[], string, readonly string[]][] = [
  ['the object of exactly that key takes the local name', ['a/b'], 'a/b', ['m']],
  ['objects under the path keep what follows it', ['a/b/c', 'a/b/d/e'], 'a/b', ['m/c', 'm/d/e']],
  ['a trailing slash changes nothing', ['a/b/c', 'a/b/d/e'], 'a/b/', ['m/c', 'm/d/e']],
  ['with a trailing slash the object of that name is not meant', ['a', 'a/b'], 'a/', ['m/b']],
  ['a longer name is another path', ['a/bc', 'a/b-c/d', 'a/b'], 'a/b', ['m']],
  ['keys that end with a slash are markers of folders', ['a/', 'a/b/', 'a/b/c'], 'a', ['m/b/c']],
  ['the empty path matches nothing', ['a', '/b'], '', []],
  ['a leading slash matches nothing, unless the key has it', ['a/b'], '/a', []],
  ['doubled slashes and dots are dropped', ['a//b/./c'], 'a', ['m/b/c']],
];
for (const [rule, keys, path, expected] of CASES) test(rule, () => assert.deepEqual(plan(keys, path), expected));

test('empty objects are dropped', () => {
  assert.deepEqual(selectObjects([{ key: 'a/b', bytes: 0 }], 'a'), []);
});

test('a key with `..` in it is refused, not bent', () => {
  for (const key of ['a/../b', 'a/b/../../../c', 'a/..']) {
    assert.throws(() => plan([key], 'a'), {
      reason: 'UnsafePath',
      message: `the key '${key}' cannot be a path below the model's folder`,
    });
  }
});

test('what would be one file twice, or both a file and a folder, is refused', () => {
  const refuse = (keys: readonly string[]) => () =>
    refuseConflicts(planObjects(listing(keys), { path: 'a', localName: 'm' }));
  assert.throws(refuse(['a/b', 'a//b']), {
    reason: 'UnsafePath',
    message: `the key 'a//b' names the same file as another one`,
  });
  assert.throws(refuse(['a/b', 'a/b/c']), {
    reason: 'UnsafePath',
    message: `file already exists as a directory: 'm/b'`,
  });
  assert.throws(refuse(['a', 'a/b']), { reason: 'UnsafePath' });
  assert.doesNotThrow(refuse(['a/b/c', 'a/b/d', 'a/bc']));
});

const piece = fc.oneof(
  fc.constantFrom('..', '.', '', 'a', 'b', 'a b', '...', '..a', '\\', '%2e%2e', 'C:', '\0', '~', '‥', 'ü'),
  fc.string({ maxLength: 4 }),
);
const key = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('/'));

test('property: whatever the keys, a selected one is under the path, and its place below the local name', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key, bytes: fc.nat(2) })), key, (objects, path) => {
      const selected = selectObjects(objects, path);
      for (const { key, bytes } of selected) {
        assert.ok(bytes > 0 && !key.endsWith('/'));
        assert.ok(key === path || key.startsWith(path.endsWith('/') ? path : `${path}/`));
      }
      const rest = objects.filter((object) => !selected.includes(object));
      assert.deepEqual(selectObjects(rest, path), [], 'nothing that matches is left');
      try {
        for (const { segments } of planObjects(selected, { path, localName: 'm' })) {
          const place = posix.join('/root', ...segments);
          assert.ok(place === '/root/m' || place.startsWith('/root/m/'));
          assert.equal(place, `/root/${segments.join('/')}`);
        }
      } catch (error) {
        assert.ok(error instanceof StorageError && error.reason === 'UnsafePath', String(error));
        assert.ok(selected.some(({ key }) => key.split('/').some((name) => name === '..' || /\0/.test(name))));
      }
    }),
  );
});
