import assert from 'node:assert/strict';
import { serverTypeOf } from './server-type.ts';

test('the first argument names the server, or else the name by which the program was called', () => {
  const called = [
    ['node', '/x/main.ts', 'ovms'],
    ['node', '/opt/app/triton-adapter'],
  ];
  assert.deepEqual(called.map(serverTypeOf), ['ovms', 'triton']);
  assert.throws(() => serverTypeOf(['node', '/x/main.ts']), {
    message: /^There is no adapter for main.ts: give one of triton, mlserver, ovms, torchserve/,
  });
});
