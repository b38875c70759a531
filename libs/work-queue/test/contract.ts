import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { CallError } from '@meshkeeper/domain';
import { waitFor } from '@meshkeeper/sandbox';
import type { HandleRun, RunContext, RunResult } from '../src/index.ts';
import { LOCK_MS, type Bench } from './bench.ts';

const DONE: RunResult = { lookAgainMs: undefined, gone: false };

/** Times in ms since the first run, with which each run of a handler began, by key. */
class Runs {
  readonly starts: { readonly key: string; readonly at: number }[] = [];

  note({ key }: RunContext): number {
    this.starts.push({ key, at: performance.now() });
    return this.of(key);
  }

  of(key: string): number {
    return this.starts.filter((run) => run.key === key).length;
  }

  async reach(key: string, count: number, timeoutMs = 8_000): Promise<void> {
    await waitFor(() => this.of(key) >= count, { timeoutMs, what: `run ${count} of ${key}`, intervalMs: 5 });
  }

  /** The pauses between the starts of all runs, ms. */
  pauses(): readonly number[] {
    return this.starts.slice(1).map(({ at }, i) => at - (this.starts[i]?.at ?? 0));
  }

  get keys(): readonly string[] {
    return this.starts.map(({ key }) => key);
  }
}

/** A door that handlers wait at until the test opens it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

function idle(bench: Bench): Promise<unknown> {
  return waitFor(() => bench.isIdle(), { timeoutMs: 10_000, what: 'the queue to be empty' });
}

const compare = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));

/** What every work queue has to keep; `start` and `stop` bracket all its tests, `make` opens a fresh queue. */
export function describeWorkQueue(
  name: string,
  { start, stop, make }: { start: () => Promise<void>; stop: () => Promise<void>; make: () => Promise<Bench> },
): void {
  describe(name, () => {
    let bench: Bench;
    let runs: Runs;
    const counted =
      (then: (context: RunContext, count: number) => Promise<RunResult> | RunResult = () => DONE): HandleRun =>
      async (context) =>
        then(context, runs.note(context));
    beforeAll(start);
    afterAll(stop);
    beforeEach(async () => {
      bench = await make();
      runs = new Runs();
    });
    afterEach(() => bench.close());

    test('many changes of a waiting key are one run', async () => {
      for (let i = 0; i < 100; i += 1) await bench.changeAndAdd('a');
      bench.work(counted());
      await idle(bench);
      assert.deepEqual(runs.keys, ['a']);
    });

    for (const how of ['change', 'changeAndAdd'] as const)
      test(`20 changes of each of 50 keys during its run are exactly one more run (${how})`, async () => {
        const door = gate();
        const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`);
        bench.work(
          counted(async (_context, count) => {
            if (count === 1) await door.opened;
            return DONE;
          }),
          { concurrency: 50 },
        );
        await bench.change(...keys);
        await waitFor(() => runs.starts.length === 50, { timeoutMs: 5_000, what: 'all first runs' });
        for (let i = 0; i < 20; i += 1) await bench[how](...keys);
        door.open();
        await idle(bench);
        assert.deepEqual(
          keys.map((key) => runs.of(key)),
          keys.map(() => 2),
        );
      });

    test('a key never runs twice concurrently, and its last run has seen the last change', async () => {
      const running = new Map<string, number>();
      const overlaps: string[] = [];
      const written = new Map<string, number>();
      const seen = new Map<string, number>();
      const handle = counted(async ({ key }) => {
        const now = (running.get(key) ?? 0) + 1;
        running.set(key, now);
        if (now > 1) overlaps.push(key);
        seen.set(key, written.get(key) ?? 0);
        await delay(Math.random() * 10);
        running.set(key, now - 1);
        return DONE;
      });
      bench.work(handle);
      bench.work(handle);
      for (let i = 0; i < 300; i += 1) {
        const key = `key-${i % 7}`;
        written.set(key, i);
        await (i % 2 === 0 ? bench.change(key) : bench.changeAndAdd(key));
      }
      await idle(bench);
      assert.deepEqual({ overlaps, seen: [...seen].sort(compare) }, { overlaps: [], seen: [...written].sort(compare) });
    });

    test('a finished run does not block its key (T1)', async () => {
      bench.work(counted());
      for (let i = 1; i <= 3; i += 1) {
        await bench.change('a');
        await runs.reach('a', i);
        await idle(bench);
      }
      assert.deepEqual(runs.keys, ['a', 'a', 'a']);
    });

    test('a key looks again when it asked to', async () => {
      bench.work(counted((_context, count) => ({ lookAgainMs: count === 1 ? 300 : undefined, gone: false })));
      await bench.change('a');
      await idle(bench);
      assert.equal(runs.of('a'), 2);
      const [pause = 0] = runs.pauses();
      assert.ok(pause >= 295 && pause < 1_500, `looked again after ${pause} ms`);
    });

    test('a change while a key waits to look again runs immediately, and the old timer is void (T2)', async () => {
      bench.work(counted((_context, count) => ({ lookAgainMs: count === 1 ? 1_200 : undefined, gone: false })));
      await bench.change('a');
      await waitFor(() => bench.outcomes.length === 1, { timeoutMs: 3_000, what: 'the first run to end' });
      const changedAt = performance.now();
      await bench.change('a');
      await runs.reach('a', 2);
      assert.ok(performance.now() - changedAt < 400, 'the change waited for the timer');
      await waitFor(async () => (await bench.queue.queues[1]?.getDelayedCount()) === 0, {
        timeoutMs: 3_000,
        what: 'the timer to fire',
      });
      await idle(bench);
      assert.deepEqual(runs.keys, ['a', 'a']);
    });

    test('a change during a run that requests another look runs immediately (T2)', async () => {
      const door = gate();
      bench.work(
        counted(async (_context, count) => {
          if (count === 1) await door.opened;
          return { lookAgainMs: count === 1 ? 3_000 : undefined, gone: false };
        }),
      );
      await bench.change('a');
      await runs.reach('a', 1);
      await bench.change('a');
      const openedAt = performance.now();
      door.open();
      await runs.reach('a', 2);
      assert.ok(performance.now() - openedAt < 400, 'the change waited for the timer');
    });

    test('the back-off doubles up to its cap, and a success resets it', async () => {
      const retryPolicy = { baseMs: 20, capMs: 100, terminalMs: 1_000, deadAfter: 100 };
      bench.work(
        counted((_context, count) => {
          if (count === 5 || count === 7) return DONE;
          throw new CallError('Transient', 'not now');
        }),
        { retryPolicy },
      );
      await bench.change('a');
      await runs.reach('a', 5);
      await idle(bench);
      await bench.change('a');
      await runs.reach('a', 7);
      assert.deepEqual(
        bench.retried.map(({ delayMs }) => delayMs),
        [20, 40, 80, 100, 20],
      );
      const tooSoon = runs
        .pauses()
        .slice(0, 4)
        .filter((pause, i) => pause < (bench.retried[i]?.delayMs ?? 0) - 1);
      assert.deepEqual(tooSoon, []);
    });

    test('a change overtakes the back-off of a failed key', async () => {
      const retryPolicy = { baseMs: 5_000, capMs: 5_000, terminalMs: 5_000, deadAfter: 100 };
      bench.work(
        counted((_context, count) => {
          if (count === 1) throw new Error('a defect');
          return DONE;
        }),
        { retryPolicy },
      );
      await bench.change('a');
      await waitFor(() => bench.outcomes.length === 1, { timeoutMs: 3_000, what: 'the failure' });
      await bench.change('a');
      await runs.reach('a', 2, 1_000);
    });

    test('a timer that fires before its run has ended is not lost', async () => {
      const retryPolicy = { baseMs: 0, capMs: 0, terminalMs: 1_000, deadAfter: 1_000 };
      bench.work(
        counted((_context, count) => {
          if (count <= 30) throw new Error('no');
          return DONE;
        }),
        { retryPolicy },
      );
      await bench.change('a');
      await runs.reach('a', 31, 4_000);
    });

    test('a key that fails too often is a dead letter, is tried on, and none any more once it succeeds', async () => {
      const retryPolicy = { baseMs: 5, capMs: 10, terminalMs: 1_000, deadAfter: 3 };
      const door = gate();
      bench.work(
        counted(async (_context, count) => {
          if (count <= 4) throw new Error('no');
          await door.opened;
          return DONE;
        }),
        { retryPolicy },
      );
      await bench.change('n:a');
      await runs.reach('n:a', 5);
      assert.deepEqual(await bench.deadLetters(), [{ key: 'n:a', failures: 4 }]);
      assert.deepEqual(
        bench.retried.map(({ dead }) => dead),
        [false, false, true, true],
      );
      door.open();
      await waitFor(async () => (await bench.deadLetters()).length === 0, { timeoutMs: 3_000, what: 'no dead letter' });
    });

    test('a run that lost its lock may not write, and records nothing (T5)', async () => {
      const thrown: unknown[] = [];
      const failures: number[] = [];
      bench.work(
        counted(async ({ run, signal, guard }, count) => {
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
      await bench.change('a');
      await runs.reach('a', 1);
      assert.equal(await bench.loseLocks(), 1);
      await runs.reach('a', 2);
      await idle(bench);
      const [error] = thrown;
      assert.ok(error instanceof CallError);
      assert.deepEqual(
        { kind: error.kind, code: error.code, failures, outcomes: bench.outcomes, retried: bench.retried },
        { kind: 'Conflict', code: 'LostLock', failures: [0, 0], outcomes: ['a lost', 'a success'], retried: [] },
      );
    });

    test('a run that lost its lock buries nothing', async () => {
      const retryPolicy = { baseMs: 5, capMs: 10, terminalMs: 1_000, deadAfter: 1 };
      bench.work(
        counted(async ({ signal, guard }, count) => {
          if (count > 1) return DONE;
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          guard();
          return DONE;
        }),
        { retryPolicy },
      );
      await bench.change('a');
      await runs.reach('a', 1);
      await bench.loseLocks();
      await runs.reach('a', 2);
      await idle(bench);
      assert.deepEqual(await bench.deadLetters(), []);
    });

    test('a run that lost its lock leaves the timer of the next one alone', async () => {
      const door = gate();
      const first = counted(async ({ guard }) => {
        await door.opened;
        guard();
        return DONE;
      });
      // Its one place is taken, so that the other worker runs the key next.
      bench.work(first, { concurrency: 1 });
      await bench.change('a');
      await runs.reach('a', 1);
      bench.work(counted((_context, count) => ({ lookAgainMs: count === 2 ? 500 : undefined, gone: false })));
      await bench.loseLocks();
      await waitFor(() => bench.outcomes.includes('a requeue_after'), { timeoutMs: 5_000, what: 'the next run' });
      door.open();
      await waitFor(() => bench.outcomes.includes('a lost'), { timeoutMs: 1_000, what: 'the lost run to end' });
      await runs.reach('a', 3, 2_000);
      assert.deepEqual(bench.outcomes.slice(0, 2), ['a requeue_after', 'a lost']);
    });

    test('a process that was frozen past its lock may not write (T5)', async () => {
      const codes: unknown[] = [];
      bench.work(
        counted(({ guard }, count) => {
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
      await bench.change('a');
      await idle(bench);
      assert.deepEqual({ codes, last: bench.outcomes.at(-1) }, { codes: ['LostLock'], last: 'a success' });
    });

    test('an idle worker wakes for a change immediately (T6)', async () => {
      bench.work(counted());
      await bench.change('a');
      await idle(bench);
      const changedAt = performance.now();
      await bench.change('b');
      await runs.reach('b', 1);
      assert.ok(performance.now() - changedAt < 300, 'the worker slept on');
    });

    test('timed work waits behind changes, and a change of a key that waits so overtakes (T8, T9)', async () => {
      for (let i = 0; i < 5; i += 1) await bench.queue.enqueueTimed(`timed-${i}`);
      await bench.change('event');
      await bench.change('timed-4');
      bench.work(counted(), { concurrency: 1 });
      await idle(bench);
      assert.deepEqual(runs.keys, ['event', 'timed-4', 'timed-0', 'timed-1', 'timed-2', 'timed-3']);
    });

    test('a due key without a job is found within two seconds', async () => {
      await bench.mark('a');
      bench.work(counted());
      bench.sweep();
      await runs.reach('a', 1, 2_000);
      await idle(bench);
      assert.deepEqual(runs.keys, ['a']);
    });

    test('stopping a worker waits for what runs, which is then finished', async () => {
      const door = gate();
      const worker = bench.work(
        counted(async () => {
          await door.opened;
          return DONE;
        }),
      );
      await bench.change('a');
      await runs.reach('a', 1);
      let stopped = false;
      const stopping = worker.stop().then(() => (stopped = true));
      await bench.change('b');
      assert.equal(stopped, false);
      door.open();
      await stopping;
      assert.deepEqual({ keys: runs.keys, outcomes: bench.outcomes }, { keys: ['a'], outcomes: ['a success'] });
    });
  });
}
