import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { largestVersion } from './versions.ts';

const cases: readonly (readonly [string, readonly string[], string | undefined])[] = [
  ['no folder is no version', [], undefined],
  ['the largest by number, not by letter', ['2', '10', '9'], '10'],
  ['one name that is no number means that none is a version', ['1', 'variables'], undefined],
  ['zero and less are no versions', ['0', '-1'], undefined],
  ['a name keeps its zeros', ['007', '6'], '007'],
];

for (const [rule, folders, wants] of cases)
  test(`version folders: ${rule}`, () => assert.equal(largestVersion(folders), wants));

test('version folders: numbers beyond what a double holds are distinguished', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.bigInt({ min: 1n, max: 2n ** 80n }), { minLength: 1 }), (versions) => {
      const largest = versions.reduce((left, right) => (left > right ? left : right));
      assert.equal(largestVersion(versions.map(String)), String(largest));
    }),
  );
});
