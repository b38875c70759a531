import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@meshkeeper/sandbox';
import { compare, DONE, gate, idle, useQueue } from './queue-fixture.ts';

const queue = useQueue();

describe('changes of a key', () => {
  test('many changes of a waiting key are one run', async () => {
    for (let i = 0; i < 100; i += 1) await queue.bench.changeAndAdd('a');
    queue.bench.work(queue.counted());
    await idle(queue.bench);
    assert.deepEqual(queue.runs.keys, ['a']);
  });

  for (const how of ['change', 'changeAndAdd'] as const)
    test(`20 changes of each of 50 keys during its run are exactly one more run (${how})`, async () => {
      const door = gate();
      const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`);
      queue.bench.work(
        queue.counted(async (_context, count) => {
          if (count === 1) await door.opened;
          return DONE;
        }),
        { concurrency: 50 },
      );
      await queue.bench.change(...keys);
      await waitFor(() => queue.runs.starts.length === 50, { timeoutMs: 5_000, what: 'all first runs' });
      for (let i = 0; i < 20; i += 1) await queue.bench[how](...keys);
      door.open();
      await idle(queue.bench);
      assert.deepEqual(
        keys.map((key) => queue.runs.of(key)),
        keys.map(() => 2),
      );
    });

  test('a key never runs twice concurrently, and its last run has seen the last change', async () => {
    const running = new Map<string, number>();
    const overlaps: string[] = [];
    const written = new Map<string, number>();
    const seen = new Map<string, number>();
    const handle = queue.counted(async ({ key }) => {
      const now = (running.get(key) ?? 0) + 1;
      running.set(key, now);
      if (now > 1) overlaps.push(key);
      seen.set(key, written.get(key) ?? 0);
      await delay(Math.random() * 10);
      running.set(key, now - 1);
      return DONE;
    });
    queue.bench.work(handle);
    queue.bench.work(handle);
    for (let i = 0; i < 300; i += 1) {
      const key = `key-${i % 7}`;
      written.set(key, i);
      await (i % 2 === 0 ? queue.bench.change(key) : queue.bench.changeAndAdd(key));
    }
    await idle(queue.bench);
    assert.deepEqual({ overlaps, seen: [...seen].sort(compare) }, { overlaps: [], seen: [...written].sort(compare) });
  });

  test('a finished run does not block its key (T1)', async () => {
    queue.bench.work(queue.counted());
    for (let i = 1; i <= 3; i += 1) {
      await queue.bench.change('a');
      await queue.runs.reach('a', i);
      await idle(queue.bench);
    }
    assert.deepEqual(queue.runs.keys, ['a', 'a', 'a']);
  });
});
