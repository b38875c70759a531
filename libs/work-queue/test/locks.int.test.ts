import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { waitFor } from '@meshkeeper/sandbox';
import { LOCK_MS } from './bench.ts';
import { DONE, gate, idle, useQueue } from './queue-fixture.ts';

const queue = useQueue();

describe('a run that lost its lock', () => {
  test('a run that lost its lock may not write, and records nothing (T5)', async () => {
    const thrown: unknown[] = [];
    const failures: number[] = [];
    queue.bench.work(
      queue.counted(async ({ run, signal, guard }, count) => {
        failures.push(run.failures);
        if (count > 1) return DONE;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        try {
          guard();
        } catch (error) {
          thrown.push(error);
          throw error;
        }
        return DONE;
      }),
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 1);
    assert.equal(await queue.bench.loseLocks(), 1);
    await queue.runs.reach('a', 2);
    await idle(queue.bench);
    const [error] = thrown;
    assert.ok(error instanceof CallError);
    assert.deepEqual(
      { kind: error.kind, code: error.code, failures, outcomes: queue.bench.outcomes, retried: queue.bench.retried },
      { kind: 'Conflict', code: 'LostLock', failures: [0, 0], outcomes: ['a lost', 'a success'], retried: [] },
    );
  });

  test('a run that lost its lock buries nothing', async () => {
    const retryPolicy = { baseMs: 5, capMs: 10, terminalMs: 1_000, deadAfter: 1 };
    queue.bench.work(
      queue.counted(async ({ signal, guard }, count) => {
        if (count > 1) return DONE;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        guard();
        return DONE;
      }),
      { retryPolicy },
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 1);
    await queue.bench.loseLocks();
    await queue.runs.reach('a', 2);
    await idle(queue.bench);
    assert.deepEqual(await queue.bench.deadLetters(), []);
  });

  test('a run that lost its lock leaves the timer of the next one alone', async () => {
    const door = gate();
    const first = queue.counted(async ({ guard }) => {
      await door.opened;
      guard();
      return DONE;
    });
    // Its one place is taken, so that the other worker runs the key next.
    queue.bench.work(first, { concurrency: 1 });
    await queue.bench.change('a');
    await queue.runs.reach('a', 1);
    queue.bench.work(queue.counted((_context, count) => ({ lookAgainMs: count === 2 ? 500 : undefined, gone: false })));
    await queue.bench.loseLocks();
    await waitFor(() => queue.bench.outcomes.includes('a requeue_after'), { timeoutMs: 5_000, what: 'the next run' });
    door.open();
    await waitFor(() => queue.bench.outcomes.includes('a lost'), { timeoutMs: 1_000, what: 'the lost run to end' });
    await queue.runs.reach('a', 3, 2_000);
    assert.deepEqual(queue.bench.outcomes.slice(0, 2), ['a requeue_after', 'a lost']);
  });

  test('a process that was frozen past its lock may not write (T5)', async () => {
    const codes: unknown[] = [];
    queue.bench.work(
      queue.counted(({ guard }, count) => {
        if (count > 1) return DONE;
        const end = performance.now() + LOCK_MS + 200;
        while (performance.now() < end);
        try {
          guard();
        } catch (error) {
          codes.push((error as CallError).code);
          throw error;
        }
        return DONE;
      }),
    );
    await queue.bench.change('a');
    await idle(queue.bench);
    assert.deepEqual({ codes, last: queue.bench.outcomes.at(-1) }, { codes: ['LostLock'], last: 'a success' });
  });
});
