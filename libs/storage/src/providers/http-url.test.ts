import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { modelUrl, shownUrl } from './http-url.ts';

const CASES: readonly [string, string, string][] = [
  ['https://h', 'a/b', 'https://h/a/b'],
  ['https://h?raw=true', 'a/b', 'https://h/a/b?raw=true'],
  ['https://h/base/', '/a', 'https://h/base/a'],
  ['https://h/base', '', 'https://h/base'],
  ['https://h/b%20c', 'd e', 'https://h/b%20c/d%20e'],
  ['https://h', 'a?b#c', 'https://h/a%3Fb%23c'],
  ['https://h', 'v1:generate@2,x=1;y+z&$', 'https://h/v1:generate@2,x=1;y+z&$'],
  ['https://h', 'a/%41', 'https://h/a/%2541'],
  ['https://me:secret@h?t=1#f', 'a', 'https://h/a?t=1'],
];
for (const [base, path, expected] of CASES) {
  test(`${base} and ${path} are joined to ${expected}`, () =>
    assert.equal(modelUrl(new URL(base), path).href, expected));
}

test('property: a path never changes the server, the query or the user', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      const url = modelUrl(new URL('https://host:1234/base?q=1'), path);
      assert.deepEqual([url.host, url.search, url.username, url.hash], ['host:1234', '?q=1', '', '']);
    }),
  );
});

test('a shown URL has neither user nor query', () => {
  assert.equal(shownUrl(new URL('https://me:secret@h:1/a?token=secret#x')), 'https://h:1/a');
});
