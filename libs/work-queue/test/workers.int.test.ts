import assert from 'node:assert/strict';
import { DONE, gate, idle, useQueue } from './queue-fixture.ts';

const queue = useQueue();

describe('a worker', () => {
  test('an idle worker wakes for a change immediately (T6)', async () => {
    queue.bench.work(queue.counted());
    await queue.bench.change('a');
    await idle(queue.bench);
    const changedAt = performance.now();
    await queue.bench.change('b');
    await queue.runs.reach('b', 1);
    assert.ok(performance.now() - changedAt < 300, 'the worker slept on');
  });

  test('timed work waits behind changes, and a change of a key that waits so overtakes (T8, T9)', async () => {
    for (let i = 0; i < 5; i += 1) await queue.bench.queue.enqueueTimed(`timed-${i}`);
    await queue.bench.change('event');
    await queue.bench.change('timed-4');
    queue.bench.work(queue.counted(), { concurrency: 1 });
    await idle(queue.bench);
    assert.deepEqual(queue.runs.keys, ['event', 'timed-4', 'timed-0', 'timed-1', 'timed-2', 'timed-3']);
  });

  test('a due key without a job is found within two seconds', async () => {
    await queue.bench.mark('a');
    queue.bench.work(queue.counted());
    queue.bench.sweep();
    await queue.runs.reach('a', 1, 2_000);
    await idle(queue.bench);
    assert.deepEqual(queue.runs.keys, ['a']);
  });

  test('stopping a worker waits for what runs, which is then finished', async () => {
    const door = gate();
    const worker = queue.bench.work(
      queue.counted(async () => {
        await door.opened;
        return DONE;
      }),
    );
    await queue.bench.change('a');
    await queue.runs.reach('a', 1);
    let stopped = false;
    const stopping = worker.stop().then(() => (stopped = true));
    await queue.bench.change('b');
    assert.equal(stopped, false);
    door.open();
    await stopping;
    assert.deepEqual(
      { keys: queue.runs.keys, outcomes: queue.bench.outcomes },
      { keys: ['a'], outcomes: ['a success'] },
    );
  });
});
