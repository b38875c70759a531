import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT, stateArguments, stateFolder } from './state-folder.ts';

test('the state folder is .sandbox of the clone, or the given one, relative to where npm was called', () => {
  const env = { INIT_CWD: '/home/u' };
  assert.deepEqual(
    [undefined, 'a', '../b', '/c'].map((given) => stateFolder(given, env)),
    [join(ROOT, '.sandbox'), '/home/u/a', '/home/b', '/c'],
  );
});

test('a command names the state folder where it is not that of the clone', () => {
  assert.deepEqual([stateFolder(undefined), '/a/b', '/a b'].map(stateArguments), [
    '',
    ' -- --state /a/b',
    " -- --state '/a b'",
  ]);
});
