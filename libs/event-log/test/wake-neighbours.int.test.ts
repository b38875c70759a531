import assert from 'node:assert/strict';
import { absent, put, useTestLogs } from './log-bench.ts';

const open = useTestLogs();

describe('waking neighbours', () => {
  test('happens only when facts change', async () => {
    const bench = await open();
    const wake = { keys: [], wakes: ['neighbour/x'] };
    const woken: (readonly string[])[] = [];
    for (const change of [
      put('a', 2, { ...wake, facts: '{"port":1}' }),
      put('a', 3, { ...wake, facts: '{"port":1}' }),
      put('a', 4, { ...wake, facts: '{"port":2}' }),
      absent('a', 5),
      absent('a', 6),
    ]) {
      await bench.watch(1, 9, change);
      woken.push((await bench.due()).filter((key) => key.startsWith('neighbour')));
      await bench.settle();
    }
    assert.deepEqual(woken, [['neighbour/x'], [], ['neighbour/x'], ['neighbour/x'], []]);
  });

  test('finds the keys that patterns match, including a hole within a hole', async () => {
    const bench = await open();
    const indexed = ['namespaces one', 'namespaces two', 'names x', 'names y'];
    await bench.watch(1, 2, put('a', 2, { keys: [], indexes: indexed }));
    const change = put('b', 3, {
      keys: ['{nothing}/z'],
      facts: '1',
      wakes: ['r/{namespaces}/{names}', 'm/{namespaces}'],
    });
    const { keys } = await bench.watch(2, 3, change);
    const expected = ['m/one', 'm/two', 'r/one/x', 'r/one/y', 'r/two/x', 'r/two/y'];
    assert.deepEqual([[...keys].sort(), await bench.due()], [expected, expected]);
  });

  test('forgets a member of an index with the object that made it known', async () => {
    const bench = await open();
    await bench.watch(
      1,
      3,
      put('a', 2, { keys: [], indexes: ['names x', 'names y'] }),
      put('a', 3, { keys: [], indexes: ['names y'] }),
    );
    await bench.watch(3, 4, put('b', 4, { keys: [], facts: '1', wakes: ['r/{names}'] }));
    const due = await bench.due();
    await bench.settle();
    await bench.watch(4, 6, absent('a', 5, { keys: [] }), put('b', 6, { keys: [], facts: '2', wakes: ['r/{names}'] }));
    assert.deepEqual([due, await bench.due()], [['r/y'], []]);
  });

  test('keeps a member of an index until the last object that made it known is gone', async () => {
    const bench = await open();
    const members = async (): Promise<unknown> => bench.redis.zrange(`${bench.options.prefix}:index:names`, '0', '-1');
    const known = { keys: [], indexes: ['names x'] };
    const seen: unknown[] = [];
    for (const changes of [
      [put('a', 2, known), put('b', 2, known), put('c', 2, known)],
      [absent('a', 3), put('b', 3, known)],
      [put('c', 4)],
      [absent('b', 5)],
    ]) {
      await bench.watch(1, 5, ...changes);
      seen.push(await members());
    }
    assert.deepEqual(seen, [['x'], ['x'], ['x'], []]);
  });

  test('goes through more than 1,000 keys in pages', async () => {
    const bench = await open();
    const names = Array.from({ length: 2_500 }, (_, i) => `n${String(i).padStart(4, '0')}`);
    await bench.watch(1, 2, put('a', 2, { keys: [], indexes: names.map((name) => `names ${name}`) }));
    const { keys } = await bench.watch(2, 3, put('b', 3, { keys: [], facts: '1', wakes: ['{names}/k', 'k/{names}'] }));
    const expected = names.flatMap((name) => [`${name}/k`, `k/${name}`]).sort();
    assert.deepEqual([[...keys].sort(), await bench.due()], [expected, expected]);
  });
});
