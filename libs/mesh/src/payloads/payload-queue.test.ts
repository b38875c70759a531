import assert from 'node:assert/strict';
import { createPayloadQueue } from './payload-queue.ts';

function scripted(limits: { capacity?: number; threads?: number; maxBytes?: number } = {}) {
  const started: string[] = [];
  const losses: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const queue = createPayloadQueue<string>({
    deliver: (item) => {
      started.push(item);
      const end = Promise.withResolvers<void>();
      ends.set(item, end);
      return end.promise;
    },
    sizeOf: (item) => item.length,
    lost: (why) => losses.push(why),
    capacity: 2,
    threads: 1,
    maxBytes: 100,
    ...limits,
  });
  return { queue, started, losses, ends };
}

test('as many are delivered concurrently as there are threads', async () => {
  const { queue, started, ends } = scripted({ threads: 2 });
  for (const item of ['a', 'b', 'c']) queue.offer(item);
  assert.deepEqual(started, ['a', 'b']);
  ends.get('b')?.resolve();
  await ends.get('b')?.promise;
  await new Promise(setImmediate);
  assert.deepEqual(started, ['a', 'b', 'c']);
});

test('what finds the queue full is lost', () => {
  const { queue, losses } = scripted();
  for (const item of ['a', 'b', 'c', 'd']) queue.offer(item);
  assert.deepEqual(losses, ['full']);
});

test('what would be too many bytes is lost, something smaller is not', () => {
  const { queue, started, losses } = scripted({ maxBytes: 5, threads: 3 });
  for (const item of ['aaaa', 'bb', 'c']) queue.offer(item);
  assert.deepEqual([started, losses], [['aaaa', 'c'], ['full']]);
});

test('a failed delivery is a loss, and the next one goes out', async () => {
  const { queue, started, losses, ends } = scripted();
  queue.offer('a');
  queue.offer('b');
  ends.get('a')?.reject(new Error('no'));
  await new Promise(setImmediate);
  assert.deepEqual([started, losses], [['a', 'b'], ['failed']]);
});

test('it is idle when the last delivery has ended', async () => {
  const { queue, ends } = scripted();
  await queue.idle();
  queue.offer('a');
  let isIdle = false;
  const idle = queue.idle().then(() => (isIdle = true));
  await new Promise(setImmediate);
  assert.equal(isIdle, false);
  ends.get('a')?.resolve();
  await idle;
});
