import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { createRunLedger, readHistory } from '../src/index.ts';
import { DONE, put, useTestLogs } from './log-bench.ts';

const KEY = 'thing/a';
const open = useTestLogs();

describe('a run', () => {
  test('that saw every mark leaves nothing due', async () => {
    const bench = await open({ now: () => 5_000 });
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 3, put('a', 2), put('a', 3));
    const lease = await bench.lock('job');
    const run = await bench.begin(KEY, lease);
    const history = (await readHistory(bench.redis, bench.options.prefix, KEY)).map(({ id }) => id);
    assert.deepEqual(run, {
      dueCount: 2,
      fencingToken: 1,
      failures: 0,
      streak: 0,
      markedAt: 5_000,
      cause: history,
      memory: '',
    });
    assert.deepEqual(await ledger.finish(KEY, lease, run, DONE), { status: 'ok', behind: false, failures: 0 });
    assert.deepEqual([await bench.due(), await ledger.begin(KEY, lease, false)], [[], { status: 'idle' }]);
  });

  test('that failed is followed by a longer pause each time, until a mark brings news', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    const lease = await bench.lock('job');
    const seen: (readonly [number, number])[] = [];
    const fail = async (): Promise<void> => {
      const begun = await ledger.begin(KEY, lease, true);
      assert.ok(begun.status === 'ok');
      seen.push([begun.run.failures, begun.run.streak]);
      await ledger.finish(KEY, lease, begun.run, { ok: false, error: 'no', deadline: 1, gone: false });
    };
    await bench.watch(1, 2, put('a', 2));
    await fail();
    await fail();
    await bench.watch(2, 3, put('a', 3));
    await fail();
    await fail();
    assert.deepEqual(seen, [
      [0, 0],
      [1, 1],
      [2, 0],
      [3, 1],
    ]);
  });

  test('leaves a memory for the next one, which only another memory replaces', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    const lease = await bench.lock('job');
    const left: string[] = [];
    for (const end of [{ ...DONE, memory: '{"a":1}' }, DONE, { ...DONE, memory: '' }, DONE]) {
      const begun = await ledger.begin(KEY, lease, true);
      assert.ok(begun.status === 'ok');
      left.push(begun.run.memory);
      await ledger.finish(KEY, lease, begun.run, end);
    }
    assert.deepEqual(left, ['', '{"a":1}', '{"a":1}', '']);
  });

  test('is left behind by a mark that comes while it runs', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 2, put('a', 2));
    await bench.enqueue(KEY);
    const lease = await bench.lock('job');
    const run = await bench.begin(KEY, lease);
    const { keys } = await bench.watch(2, 3, put('a', 3));
    const end = await ledger.finish(KEY, lease, run, DONE);
    assert.deepEqual([keys, end, await bench.due()], [[KEY], { status: 'ok', behind: true, failures: 0 }, [KEY]]);
    const second = await bench.begin(KEY, lease);
    assert.deepEqual([second.dueCount, second.fencingToken, second.cause.length], [2, 2, 1]);
  });

  test('is not begun by a second job while the first holds its lock', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 2, put('a', 2));
    const [first, second] = [await bench.lock('first'), await bench.lock('second')];
    await bench.begin(KEY, first);
    const busy = await ledger.begin(KEY, second, true);
    await bench.unlock(first);
    const taken = await bench.begin(KEY, second);
    assert.deepEqual([busy, taken.fencingToken], [{ status: 'busy' }, 2]);
  });

  test('that lost its lock records nothing', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 2, put('a', 2));
    const lease = await bench.lock('job');
    const run = await bench.begin(KEY, lease);
    const before = await bench.redis.hgetall(bench.keys.key(KEY));
    await bench.lock('job');
    const end = await ledger.finish(KEY, lease, run, { ...DONE, gone: true });
    const begun = await ledger.begin(KEY, lease, true);
    const after = await bench.redis.hgetall(bench.keys.key(KEY));
    assert.deepEqual([end, begun], [{ status: 'lost', behind: false, failures: 0 }, { status: 'lost' }]);
    assert.deepEqual([after, await bench.due()], [before, [KEY]]);
  });

  test('that another run overtook records nothing, though its own lock is alive again', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 2, put('a', 2));
    const first = await bench.lock('first');
    const run = await bench.begin(KEY, first);
    await bench.unlock(first);
    await bench.begin(KEY, await bench.lock('second'));
    const end = await ledger.finish(KEY, { ...(await bench.lock('first')) }, run, DONE);
    assert.deepEqual([end.status, await bench.due(), await ledger.latestRun(KEY)], ['lost', [KEY], 2]);
  });

  test('that failed counts its failures and stays due at its deadline; one that is gone is forgotten', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 2, put('a', 2));
    const lease = await bench.lock('job');
    const failed = { ok: false, error: 'no', deadline: 9_000, gone: false };
    const ends = [];
    for (let i = 0; i < 2; i += 1) ends.push(await ledger.finish(KEY, lease, await bench.begin(KEY, lease), failed));
    assert.deepEqual(
      ends.map(({ failures }) => failures),
      [1, 2],
    );
    assert.equal(await bench.redis.zscore(bench.keys.due, KEY).then(Number), 9_000);
    await ledger.finish(KEY, lease, await bench.begin(KEY, lease), { ...DONE, gone: true });
    assert.deepEqual([await bench.due(), await bench.redis.exists(bench.keys.key(KEY))], [[], 0]);
  });

  test('has at most the last 32 causes', async () => {
    const bench = await open();
    await bench.watch(1, 41, ...Array.from({ length: 40 }, (_, i) => put('a', i + 2)));
    const run = await bench.begin(KEY, await bench.lock('job'));
    const history = (await readHistory(bench.redis, bench.options.prefix, KEY)).map(({ id, revision }) => [
      id,
      revision,
    ]);
    assert.deepEqual(
      run.cause,
      history.map(([id]) => id),
    );
    assert.deepEqual([run.dueCount, history.length, history[0]?.[1], history[31]?.[1]], [40, 32, '41', '10']);
  });
});

describe('the sweep', () => {
  test('finds due keys that no job represents, and only one process sweeps at a time', async () => {
    const bench = await open();
    const ledger = createRunLedger(bench.options);
    await bench.watch(1, 3, put('a', 2), put('b', 2), put('c', 2));
    await bench.enqueue('thing/b');
    await bench.redis.zadd(bench.keys.due, Date.now() + 60_000, 'thing/c');
    const found = await Promise.all([ledger.sweep(), ledger.sweep()]);
    assert.deepEqual(found.flat(), ['thing/a']);
    await bench.dequeue('thing/b');
    const again = async (): Promise<readonly string[] | undefined> => {
      const keys = await ledger.sweep();
      return keys.length === 0 ? undefined : keys;
    };
    const later = await waitFor(again, { timeoutMs: 2_000, what: 'the next sweep' });
    assert.deepEqual([...later].sort(), ['thing/a', 'thing/b']);
  });

  test('looks past queued keys, page by page', async () => {
    const bench = await open();
    const names = Array.from({ length: 1_200 }, (_, i) => `n${String(i).padStart(4, '0')}`);
    await bench.watch(1, 2, ...names.map((name) => put(name, 2)));
    await Promise.all(names.slice(0, 1_199).map((name) => bench.enqueue(`thing/${name}`)));
    assert.deepEqual(await createRunLedger(bench.options).sweep(), ['thing/n1199']);
  });
});
