import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { gate, idle, useQueue } from './queue-fixture.ts';

const queue = useQueue();

describe('a key that looks again', () => {
  test('a key looks again when it asked to', async () => {
    queue.bench.work(queue.counted((_context, count) => ({ lookAgainMs: count === 1 ? 300 : undefined, gone: false })));
    await queue.bench.change('a');
    await idle(queue.bench);
    assert.equal(queue.runs.of('a'), 2);
    const [pause = 0] = queue.runs.pauses();
    assert.ok(pause >= 295 && pause < 1_500, `looked again after ${pause} ms`);
  });

  test('a change while a key waits to look again runs immediately, and the old timer is void (T2)', async () => {
    queue.bench.work(
      queue.counted((_context, count) => ({ lookAgainMs: count === 1 ? 1_200 : undefined, gone: false })),
    );
    await queue.bench.change('a');
    await waitFor(() => queue.bench.outcomes.length === 1, { timeoutMs: 3_000, what: 'the first run to end' });
    const changedAt = performance.now();
    await queue.bench.change('a');
    await queue.runs.reach('a', 2);
    assert.ok(performance.now() - changedAt < 400, 'the change waited for the timer');
    await waitFor(async () => (await queue.bench.queue.queues[1]?.getDelayedCount()) === 0, {
      timeoutMs: 3_000,
      what: 'the timer to fire',
    });
    await idle(queue.bench);
    assert.deepEqual(queue.runs.keys, ['a', 'a']);
  });

  test('a change during a run that requests another look runs immediately (T2)', async () => {
    const door = gate();
    queue.bench.work(
      queue.counted(async (_context, count) => {
        if (count === 1) await door.opened;
        return { lookAgainMs: count === 1 ? 3_000 : undefined, gone: false };
      }),
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 1);
    await queue.bench.change('a');
    const openedAt = performance.now();
    door.open();
    await queue.runs.reach('a', 2);
    assert.ok(performance.now() - openedAt < 400, 'the change waited for the timer');
  });
});
