import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ModelKeyError } from './model-key.ts';
import { mergeParameters } from './storage-params.ts';

const PREFIX = 'Unable to merge storage parameters from the storage config and the Predictor Storage field: ';
const merge = (base: object, params: Readonly<Record<string, string>>): unknown =>
  JSON.parse(JSON.stringify(mergeParameters(base as never, params)));

const CASES: readonly [string, object, Readonly<Record<string, string>>, object][] = [
  ['a text is replaced', { a: 'x' }, { a: 'y' }, { a: 'y' }],
  ['a path makes objects', {}, { 'a.b.c': 'y' }, { a: { b: { c: 'y' } } }],
  ['a path goes into objects, beside what is there', { a: { b: 'x', c: 1 } }, { 'a.b': 'y' }, { a: { b: 'y', c: 1 } }],
  ['a null on the way counts as absent', { a: null }, { 'a.b': 'y' }, { a: { b: 'y' } }],
];
for (const [rule, base, params, expected] of CASES) {
  test(rule, () => {
    const before = structuredClone(base);
    assert.deepEqual(merge(base, params), expected);
    assert.deepEqual(base, before, 'the base is not changed');
  });
}

test('what is no object on the way, or no text at the end, is refused without showing its value', () => {
  const refused: readonly [object, string, string][] = [
    [{ a: 'secret' }, 'a.b', `expected an object at 'a'`],
    [{ a: { b: [1] } }, 'a.b.c', `expected an object at 'a.b'`],
    [{ a: { token: 'secret' } }, 'a', `expected a string at 'a', but got an object`],
    [{ a: ['secret'] }, 'a', `expected a string at 'a', but got a list`],
    [{ a: 5 }, 'a', `expected a string at 'a', but got a number`],
    [{ a: { b: true } }, 'a.b', `expected a string at 'a.b', but got a boolean`],
  ];
  for (const [base, path, message] of refused) {
    assert.throws(() => merge(base, { [path]: 'y' }), { name: 'ModelKeyError', message: `${PREFIX}${message}` });
  }
});

const word = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'prototype', 'toString', '', 'type');
const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'));

test('property: a merged parameter is where it was put, and no prototype is ever changed', () => {
  fc.assert(
    fc.property(fc.dictionary(word, fc.jsonValue()), path, fc.string(), (base, path, value) => {
      try {
        let found: unknown = mergeParameters(base, { [path]: value });
        for (const name of path.split('.')) {
          assert.ok(Object.hasOwn(found as object, name));
          found = (found as Readonly<Record<string, unknown>>)[name];
        }
        assert.equal(found, value);
      } catch (error) {
        assert.ok(error instanceof ModelKeyError, String(error));
      }
      assert.deepEqual(Object.keys(Object.prototype), []);
      assert.equal(typeof {}.toString, 'function');
    }),
  );
});
