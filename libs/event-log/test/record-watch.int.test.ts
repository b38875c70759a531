import assert from 'node:assert/strict';
import { absent, put, refusedAs, SOURCE, useTestLogs } from './log-bench.ts';

const open = useTestLogs();

describe('recording what a watch shows', () => {
  test('a change is logged, viewed and due; again or older it changes nothing', async () => {
    const bench = await open();
    const first = await bench.watch(1, 5, put('a', 5));
    await bench.settle();
    const again = await bench.watch(1, 5, put('a', 5));
    const older = await bench.watch(1, 5, put('a', 4), absent('a', 3));
    const ok = (recorded: number, keys: readonly string[]): object => ({ status: 'ok', recorded, keys });
    assert.deepEqual([first, again, older], [ok(1, ['thing/a']), ok(0, []), ok(0, [])]);
    assert.deepEqual(
      { view: await bench.view(), log: await bench.log(), due: await bench.due() },
      { view: { a: '5' }, log: ['put ns/a 5'], due: [] },
    );
  });

  test('a known change still returns its keys that are due and not queued', async () => {
    const bench = await open();
    await bench.watch(1, 5, put('a', 5), put('b', 5));
    await bench.enqueue('thing/b');
    const { keys } = await bench.watch(1, 5, put('a', 5), put('b', 5));
    assert.deepEqual(keys, ['thing/a']);
  });

  test('revisions of different lengths and beyond 2^53 compare as numbers', async () => {
    const bench = await open();
    const big = '9007199254740993';
    await bench.watch(1, 10, put('a', 9), put('a', 10), put('a', 9));
    await bench.watch(1, 10, { ...put('b', 1), revision: '9007199254740992' }, { ...put('b', 1), revision: big });
    assert.deepEqual(await bench.view(), { a: '10', b: big });
  });

  test('it is refused under another epoch, ahead of the cursor and without a cursor', async () => {
    const bench = await open();
    const epoch = await bench.recorder.recordWatch(SOURCE, '7', '1', '5', [put('a', 5)]);
    const ahead = await bench.watch(2, 5, put('a', 5));
    await bench.redis.hdel(bench.keys.source(SOURCE), 'cursor');
    const none = await bench.watch(1, 5, put('a', 5));
    assert.deepEqual([epoch, ahead, none], [refusedAs('epoch'), refusedAs('ahead'), refusedAs('no-cursor')]);
    assert.deepEqual({ view: await bench.view(), log: await bench.log() }, { view: {}, log: [] });
  });

  test('the cursor never goes back', async () => {
    const bench = await open();
    await bench.watch(1, 9);
    await bench.watch(1, 5);
    assert.deepEqual(await bench.recorder.sourceState(SOURCE), {
      epoch: bench.epoch,
      cursor: '9',
      complete: true,
      highest: '9',
    });
  });

  test('after the loss of its last writes it is refused as ahead, until it resumes from what is stored', async () => {
    const bench = await open();
    await bench.watch(1, 5, put('a', 5));
    const names = await bench.redis.keys(`${bench.options.prefix}:*`);
    const dumps = await Promise.all(names.map((name) => bench.redis.dumpBuffer(name)));
    await bench.watch(5, 8, put('a', 7), put('b', 8));
    await bench.redis.del(...(await bench.redis.keys(`${bench.options.prefix}:*`)));
    await Promise.all(names.map((name, i) => bench.redis.restore(name, 0, dumps[i] ?? '')));
    assert.deepEqual(await bench.watch(8, 9, put('a', 9)), refusedAs('ahead'));
    assert.deepEqual(await bench.view(), { a: '5' });
    await bench.watch(5, 9, put('a', 7), put('b', 8), put('a', 9));
    assert.deepEqual(await bench.view(), { a: '9', b: '8' });
  });

  test('an effect is refused under another epoch, and does not wake the key that made it', async () => {
    const bench = await open();
    const effect = { key: 'thing/a', fencingToken: 1, write: 'w', reason: 'r', outcome: 'ok', cause: [] };
    const change = put('a', 5, { keys: ['thing/a', 'thing/b'] });
    const other = await bench.recorder.recordEffect(SOURCE, '7', effect, change);
    const own = await bench.recorder.recordEffect(SOURCE, bench.epoch, effect, change);
    assert.deepEqual([other, own, await bench.due()], [[], ['thing/b'], ['thing/b']]);
    assert.deepEqual(await bench.view(), { a: '5' });
  });

  test('a note is logged and changes nothing', async () => {
    const bench = await open();
    await bench.watch(1, 5, { ...put('a', 5), op: 'note' });
    assert.deepEqual(
      { view: await bench.view(), log: await bench.log(), due: await bench.due() },
      { view: {}, log: ['note ns/a 5'], due: [] },
    );
  });
});
