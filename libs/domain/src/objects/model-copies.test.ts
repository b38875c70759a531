import { readCopies } from './model-copies.ts';

test.each<[string, unknown, readonly object[]]>([
  ['a record without copies has none', {}, []],
  ['what is no record has no copies', 'x', []],
  [
    'a copy of a mesh that writes no end of loads is held',
    { instanceIds: { a: 5 } },
    [{ instance: 'a', state: 'held', since: 5, message: '' }],
  ],
  [
    'a copy without an end of its load is loading',
    { instanceIds: { a: 5 }, loadedIn: { a: 0 } },
    [{ instance: 'a', state: 'loading', since: 5, message: '' }],
  ],
  [
    'an end before the begin is of an earlier load',
    { instanceIds: { a: 5 }, loadedIn: { a: 4 } },
    [{ instance: 'a', state: 'loading', since: 5, message: '' }],
  ],
  [
    'a copy is loaded since the end of its load',
    { instanceIds: { a: 5 }, loadedIn: { a: 6 } },
    [{ instance: 'a', state: 'loaded', since: 6, message: '' }],
  ],
  [
    'a load may end in the millisecond in which it began',
    { instanceIds: { a: 5 }, loadedIn: { a: 5 } },
    [{ instance: 'a', state: 'loaded', since: 5, message: '' }],
  ],
  [
    'a failed copy has its message',
    { failedIn: { a: 7 }, fails: { a: { msg: 'boom' } } },
    [{ instance: 'a', state: 'failed', since: 7, message: 'boom' }],
  ],
  [
    'a failed copy may be without a message',
    { failedIn: { a: 7 }, fails: { b: { msg: 'boom' } } },
    [{ instance: 'a', state: 'failed', since: 7, message: '' }],
  ],
  [
    'a malformed message is empty',
    { failedIn: { a: 7 }, fails: { a: 'boom' } },
    [{ instance: 'a', state: 'failed', since: 7, message: '' }],
  ],
  [
    'malformed times are none',
    { instanceIds: { a: 'x' }, failedIn: { b: 7 }, fails: 3 },
    [{ instance: 'b', state: 'failed', since: 7, message: '' }],
  ],
  [
    'an instance may be called constructor',
    { instanceIds: { constructor: 5 }, failedIn: { toString: 6 } },
    [
      { instance: 'constructor', state: 'held', since: 5, message: '' },
      { instance: 'toString', state: 'failed', since: 6, message: '' },
    ],
  ],
  [
    'copies are in the order of their instances',
    { instanceIds: { c: 5, a: 6 }, failedIn: { b: 7 } },
    [
      { instance: 'a', state: 'held', since: 6, message: '' },
      { instance: 'b', state: 'failed', since: 7, message: '' },
      { instance: 'c', state: 'held', since: 5, message: '' },
    ],
  ],
])('%s', (_rule, body, copies) => {
  expect(readCopies(body)).toEqual(copies);
});
