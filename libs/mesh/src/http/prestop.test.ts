import assert from 'node:assert/strict';
import { freePort } from '@meshkeeper/sandbox';
import { startPrestop } from './prestop.ts';

async function started(limitMs: number) {
  const port = await freePort();
  const prestop = await startPrestop({ host: '127.0.0.1', port, limitMs });
  const ask = (path = '/prestop') => fetch(`http://127.0.0.1:${port}${path}`);
  return { prestop, ask };
}

test('who waits is let go when everything is done', async () => {
  const { prestop, ask } = await started(60_000);
  let isOver = false;
  const asking = ask().then((response) => {
    isOver = true;
    return response.status;
  });
  assert.equal((await ask('/other')).status, 404);
  assert.equal(isOver, false);
  await prestop.stop();
  assert.equal(await asking, 200);
});

test('no caller waits for ever', async () => {
  const { prestop, ask } = await started(20);
  assert.equal((await ask()).status, 200);
  await prestop.stop();
});
