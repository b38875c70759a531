import assert from 'node:assert/strict';
import type { CallError } from '@meshkeeper/domain';
import { gather } from '../src/index.ts';
import { absent, put, SOURCE, useTestLogs } from './log-bench.ts';

const open = useTestLogs();

const refused = (status: string): object => ({ status, recorded: 0, keys: [] });

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
    assert.deepEqual([epoch, ahead, none], [refused('epoch'), refused('ahead'), refused('no-cursor')]);
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
    assert.deepEqual(await bench.watch(8, 9, put('a', 9)), refused('ahead'));
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
    assert.deepEqual([page, finished, await bench.view()], [refused('ahead'), 'ahead', {}]);
  });

  test('whose epoch is over is refused', async () => {
    const bench = await open();
    const list = { id: 'list', pages: 0, revision: '5' };
    const page = await bench.recorder.recordPage(SOURCE, '7', list, [put('a', 5)]);
    assert.deepEqual([page, await bench.recorder.finishList(SOURCE, '7', list)], [refused('epoch'), 'epoch']);
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

describe('gathering', () => {
  test('returns own objects, requested ones, facts, indexes and the states of sources', async () => {
    const bench = await open();
    const changes = [
      put('b', 2, { keys: ['thing/own'], facts: '{"port":2}' }),
      put('a', 3, { keys: ['thing/own'], indexes: ['names y', 'names x'] }),
      put('other', 4, { facts: '1' }),
      put('gone', 5, { keys: ['thing/own'] }),
      absent('gone', 6),
    ];
    await bench.watch(1, 6, ...changes);
    const viewed = (name: string, at: number): object => ({
      source: SOURCE,
      namespace: 'ns',
      name,
      revision: String(at),
      body: { name, at },
    });
    const gathered = await gather(bench.options, {
      key: 'thing/own',
      sources: [SOURCE, 'unknown'],
      facts: [
        { source: SOURCE, namespace: 'ns' },
        { source: SOURCE, namespace: 'empty' },
        { source: SOURCE, namespace: 'ns', name: 'other' },
        { source: SOURCE, namespace: 'ns', name: 'none' },
      ],
      objects: [
        { source: SOURCE, namespace: 'ns', name: 'other' },
        { source: SOURCE, namespace: '', name: 'none' },
      ],
      indexes: ['names', 'nothing'],
    });
    assert.deepEqual(gathered, {
      objects: [viewed('a', 3), viewed('b', 2), viewed('other', 4)],
      sources: {
        [SOURCE]: { epoch: bench.epoch, cursor: '6', complete: true },
        unknown: { epoch: '', cursor: '', complete: false },
      },
      facts: [{ b: { port: 2 }, other: 1 }, {}, { other: 1 }, {}],
      indexes: [['x', 'y'], []],
    });
  });

  test('follows an index that the facts of an object name', async () => {
    const bench = await open();
    await bench.watch(
      1,
      3,
      put('a', 2, { facts: '{"pods":"pods:ns:mt%3Ax"}' }),
      put('d', 3, { indexes: ['pods:ns:mt%3Ax d'] }),
    );
    const named = (name: string) => ({ source: SOURCE, namespace: 'ns', name, field: 'pods' });
    const request = { key: 'thing/a', sources: [SOURCE], facts: [], objects: [], indexes: [] };
    const { indexes } = await gather(bench.options, {
      ...request,
      factIndexes: [named('a'), named('d'), named('none')],
    });
    assert.deepEqual(indexes, [['d'], [], []]);
  });

  test('keeps the last facts when a change has only fallback facts', async () => {
    const bench = await open();
    const request = {
      key: 'thing/a',
      sources: [SOURCE],
      facts: [{ source: SOURCE, namespace: 'ns' }],
      objects: [],
      indexes: [],
    };
    const factsNow = async (): Promise<unknown> => (await gather(bench.options, request)).facts[0]?.['a'];
    const seen: unknown[] = [];
    for (const [i, facts] of ['bad', 'worse', 'good', 'bad', 'better'].entries()) {
      const fallbackFacts = ['bad', 'worse'].includes(facts);
      await bench.watch(i + 1, i + 2, put('a', i + 2, { facts: JSON.stringify(facts), fallbackFacts }));
      seen.push(await factsNow());
    }
    assert.deepEqual(seen, ['bad', 'bad', 'good', 'good', 'better']);
  });

  test('is refused when a source is kept in another form', async () => {
    const bench = await open();
    const request = { key: 'thing/a', sources: [SOURCE], facts: [], objects: [], indexes: [] };
    await assert.rejects(
      gather({ ...bench.options, form: 2 }, request),
      (error: CallError) => error.kind === 'Transient' && error.code === 'OtherForm',
    );
  });
});
