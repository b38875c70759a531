import assert from 'node:assert/strict';
import { createRunLedger, lookUp, readRunState } from '../src/index.ts';
import { DONE, put, SOURCE, useTestLogs } from './log-bench.ts';

const KEY = 'thing/a';
const REQUEST = { key: KEY, sources: [SOURCE], facts: [], objects: [], indexes: [] };
const EFFECT = { key: KEY, fencingToken: 1, write: 'w', reason: 'r', outcome: 'ok', cause: [] };

const open = useTestLogs();

describe('what is known about a key', () => {
  test('are its object, the changes that made it due and the writes of its own runs, newest first', async () => {
    const bench = await open();
    await bench.watch(1, 2, put('a', 2));
    await bench.recorder.recordEffect(SOURCE, bench.epoch, EFFECT, put('a', 3));
    await bench.watch(2, 4, put('a', 4));
    const { gathered, history } = await lookUp(bench.options, REQUEST);
    assert.deepEqual(
      gathered.objects.map(({ name, revision }) => [name, revision]),
      [['a', '4']],
    );
    assert.deepEqual(
      history.map(({ revision, effect }) => [revision, effect !== '']),
      [
        ['4', false],
        ['3', true],
        ['2', false],
      ],
    );
  });

  test('a write is included even if a watcher saw it first, and is no cause of the next run', async () => {
    const bench = await open();
    await bench.watch(1, 3, put('a', 3));
    await bench.recorder.recordEffect(SOURCE, bench.epoch, EFFECT, put('a', 3));
    const { history } = await lookUp(bench.options, REQUEST);
    assert.deepEqual(
      history.map(({ kind, revision }) => [kind, revision]),
      [
        ['note', '3'],
        ['put', '3'],
      ],
    );
    const { cause } = await bench.begin(KEY, await bench.lock('job'));
    assert.deepEqual(cause, [history[1]?.id]);
    assert.deepEqual(await bench.foldedView(), { a: '3' });
  });

  test('are its runs: how many, whether one is under way, what failed and when it is tried again', async () => {
    const bench = await open({ now: () => 5_000 });
    const read = async () => (await readRunState(bench.redis, bench.options.prefix, KEY)).runs;
    const nothing = { isRunning: false, nextRunAt: undefined, waitingSince: undefined, failures: 0, lastError: '' };
    assert.deepEqual(await read(), { runs: 0, ...nothing });
    await bench.watch(1, 2, put('a', 2));
    assert.deepEqual(await read(), { runs: 0, ...nothing, nextRunAt: 5_000, waitingSince: 5_000 });
    const lease = await bench.lock('job');
    const run = await bench.begin(KEY, lease);
    assert.equal((await read()).isRunning, true);
    await createRunLedger(bench.options).finish(KEY, lease, run, {
      ...DONE,
      ok: false,
      error: 'boom',
      deadline: 9_000,
    });
    assert.deepEqual(await read(), {
      runs: 1,
      ...nothing,
      nextRunAt: 9_000,
      waitingSince: 5_000,
      failures: 1,
      lastError: 'boom',
    });
  });
});
