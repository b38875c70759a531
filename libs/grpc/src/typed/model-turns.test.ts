import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate as tick } from 'node:timers/promises';
import { createModelTurns } from './model-turns.ts';

const never = new AbortController().signal;

/** Work that ends on demand and reports when it began. */
function recorder() {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    began.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  return { began, work, end: (name: string) => ends.get(name)?.() };
}

test('what concerns one model goes one after the other, and other models do not wait', async () => {
  const turns = createModelTurns();
  const { began, work, end } = recorder();
  const [first] = [turns.take('a', 'load', never, work('load a')), turns.take('a', 'unload', never, work('unload a'))];
  void turns.take('b', 'load', never, work('load b'));
  await tick();
  assert.deepEqual(began, ['load a', 'load b']);
  end('load a');
  assert.equal(await first, 'load a');
  await tick();
  assert.deepEqual(began, ['load a', 'load b', 'unload a']);
});

test('a failure does not hold up what comes after it', async () => {
  const turns = createModelTurns();
  const failing = turns.take('a', 'load', never, () => Promise.reject(new Error('no')));
  const next = turns.take('a', 'unload', never, async () => 'done');
  await assert.rejects(failing, { message: 'no' });
  assert.equal(await next, 'done');
});

test('a caller that gives up while waiting is answered immediately, and its work is skipped', async () => {
  const turns = createModelTurns();
  const { began, work, end } = recorder();
  const first = turns.take('a', 'load', never, work('first'));
  const caller = new AbortController();
  const second = turns.take('a', 'load', caller.signal, work('second'));
  const third = turns.take('a', 'unload', never, work('third'));
  caller.abort();
  await assert.rejects(second, { details: 'Context cancelled while waiting for response' });
  await tick();
  end('first');
  await first;
  await tick();
  assert.deepEqual(began, ['first', 'third']);
  end('third');
  await third;
});

test('nothing of a call stays with its signal', async () => {
  const turns = createModelTurns();
  const { signal } = new AbortController();
  for (let index = 0; index < 3; index += 1) await turns.take('a', 'unload', signal, async () => undefined);
  await assert.rejects(
    turns.take('a', 'load', signal, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('one more than 25 waiting for a model is refused immediately', async () => {
  const turns = createModelTurns();
  const { work } = recorder();
  for (let index = 0; index <= 25; index += 1) void turns.take('a', 'load', never, work(String(index)));
  await assert.rejects(turns.take('a', 'load', never, work('more')), { details: 'Unable to send load model request' });
});
