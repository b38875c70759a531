import assert from 'node:assert/strict';
import { absent, put, refusedAs, SOURCE, useTestLogs } from './log-bench.ts';

const open = useTestLogs();

describe('recording a list', () => {
  test('deletes only what is not newer than the list', async () => {
    const bench = await open();
    await bench.watch(1, 9, put('old', 5), put('new', 9));
    await bench.list(7, [], ['old', 'new']);
    assert.deepEqual(
      { view: await bench.view(), log: await bench.log() },
      { view: { new: '9' }, log: ['put ns/old 5', 'put ns/new 9', 'absent ns/old 7'] },
    );
  });

  test('does not bring back what was deleted after it', async () => {
    const bench = await open();
    await bench.watch(1, 9, put('a', 5), absent('a', 9));
    await bench.list(7, [put('a', 5)]);
    assert.deepEqual(await bench.view(), {});
  });

  test('whose page was lost is refused', async () => {
    const bench = await open();
    const list = { id: 'list', pages: 1, revision: '5' };
    const page = await bench.recorder.recordPage(SOURCE, bench.epoch, list, [put('a', 5)]);
    const finished = await bench.recorder.finishList(SOURCE, bench.epoch, list);
    assert.deepEqual([page, finished, await bench.view()], [refusedAs('ahead'), 'ahead', {}]);
  });

  test('whose epoch is over is refused', async () => {
    const bench = await open();
    const list = { id: 'list', pages: 0, revision: '5' };
    const page = await bench.recorder.recordPage(SOURCE, '7', list, [put('a', 5)]);
    assert.deepEqual([page, await bench.recorder.finishList(SOURCE, '7', list)], [refusedAs('epoch'), 'epoch']);
  });

  test('drops the oldest tombstones beyond the limit, which raises the floor to the highest of them', async () => {
    let now = 1_000;
    const bench = await open({ tombstones: 1, now: () => (now += 10) });
    await bench.watch(1, 9, put('a', 2), put('b', 3), put('c', 4));
    await bench.watch(9, 9, absent('b', 8));
    await bench.watch(9, 9, absent('a', 7));
    await bench.watch(9, 9, absent('c', 9));
    await bench.list(9, []);
    const left = await bench.redis.hkeys(bench.keys.meta(SOURCE));
    assert.deepEqual({ floor: await bench.floor(), left }, { floor: '8', left: ['ns/c'] });
  });

  test('as new as the floor is needed to accept an unknown object that is not above it', async () => {
    const bench = await open({ tombstones: 0 });
    await bench.watch(1, 8, put('a', 2), absent('a', 8));
    await bench.list(8, []);
    assert.equal(await bench.floor(), '8');
    await bench.watch(8, 8, put('a', 2), put('b', 8));
    await bench.list(7, [put('a', 2)]);
    assert.deepEqual(await bench.view(), {});
    await bench.list(8, [put('c', 3)]);
    await bench.watch(8, 9, put('b', 9));
    assert.deepEqual(await bench.view(), { b: '9', c: '3' });
  });

  test('that completes a source wakes every key', async () => {
    const bench = await open();
    await bench.list(5, [put('a', 5), put('b', 5)]);
    await bench.settle();
    await bench.list(6, [put('a', 5), put('b', 5)]);
    assert.deepEqual(await bench.due(), []);
    bench.epoch = await bench.reopen({ identity: 'another', head: '9' });
    await bench.list(9, [put('a', 5), put('b', 5)]);
    await bench.settle();
    bench.epoch = await bench.reopen({ identity: 'a third', head: '9' });
    await bench.list(9, []);
    assert.deepEqual(await bench.due(), ['thing/a', 'thing/b']);
  });
});
