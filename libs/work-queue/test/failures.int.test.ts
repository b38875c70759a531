import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { waitFor } from '@meshkeeper/sandbox';
import { DONE, gate, idle, useQueue } from './queue-fixture.ts';

const queue = useQueue();

describe('a key that fails', () => {
  test('the back-off doubles up to its cap, and a success resets it', async () => {
    const retryPolicy = { baseMs: 20, capMs: 100, terminalMs: 1_000, deadAfter: 100 };
    queue.bench.work(
      queue.counted((_context, count) => {
        if (count === 5 || count === 7) return DONE;
        throw new CallError('Transient', 'not now');
      }),
      { retryPolicy },
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 5);
    await idle(queue.bench);
    await queue.bench.change('a');
    await queue.runs.reach('a', 7);
    assert.deepEqual(
      queue.bench.retried.map(({ delayMs }) => delayMs),
      [20, 40, 80, 100, 20],
    );
    const tooSoon = queue.runs
      .pauses()
      .slice(0, 4)
      .filter((pause, i) => pause < (queue.bench.retried[i]?.delayMs ?? 0) - 1);
    assert.deepEqual(tooSoon, []);
  });

  test('a change overtakes the back-off of a failed key', async () => {
    const retryPolicy = { baseMs: 5_000, capMs: 5_000, terminalMs: 5_000, deadAfter: 100 };
    queue.bench.work(
      queue.counted((_context, count) => {
        if (count === 1) throw new Error('a defect');
        return DONE;
      }),
      { retryPolicy },
    );
    await queue.bench.change('a');
    await waitFor(() => queue.bench.outcomes.length === 1, { timeoutMs: 3_000, what: 'the failure' });
    await queue.bench.change('a');
    await queue.runs.reach('a', 2, 1_000);
  });

  test('a timer that fires before its run has ended is not lost', async () => {
    const retryPolicy = { baseMs: 0, capMs: 0, terminalMs: 1_000, deadAfter: 1_000 };
    queue.bench.work(
      queue.counted((_context, count) => {
        if (count <= 30) throw new Error('no');
        return DONE;
      }),
      { retryPolicy },
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 31, 4_000);
  });

  test('a key that fails too often is a dead letter, is tried on, and none any more once it succeeds', async () => {
    const retryPolicy = { baseMs: 5, capMs: 10, terminalMs: 1_000, deadAfter: 3 };
    const door = gate();
    queue.bench.work(
      queue.counted(async (_context, count) => {
        if (count <= 4) throw new Error('no');
        await door.opened;
        return DONE;
      }),
      { retryPolicy },
    );
    await queue.bench.change('n:a');
    await queue.runs.reach('n:a', 5);
    assert.deepEqual(await queue.bench.deadLetters(), [{ key: 'n:a', failures: 4 }]);
    assert.deepEqual(
      queue.bench.retried.map(({ dead }) => dead),
      [false, false, true, true],
    );
    door.open();
    await waitFor(async () => (await queue.bench.deadLetters()).length === 0, {
      timeoutMs: 3_000,
      what: 'no dead letter',
    });
  });
});
