import assert from 'node:assert/strict';
import type { ViewReader } from '@meshkeeper/domain';
import { onTestEnd } from '@meshkeeper/testing';
import { createViewReader, readView } from '../src/index.ts';
import { LogBench, put, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

async function open(): Promise<{ readonly bench: LogBench; readonly reader: ViewReader }> {
  const bench = await LogBench.open(server.url);
  onTestEnd(() => bench.close());
  return { bench, reader: createViewReader(bench.options) };
}

describe('the whole view', () => {
  test('is read page by page, each object once', async () => {
    const { bench, reader } = await open();
    const names = Array.from({ length: 2_500 }, (_, i) => `object-${i}`);
    await bench.watch(1, 3_000, ...names.map((name, i) => put(name, i + 2)));
    const objects = await Array.fromAsync(reader.objects(SOURCE));
    assert.deepEqual(objects.map(({ name }) => name).sort(), names.toSorted());
    assert.deepEqual(
      objects.find(({ name }) => name === 'object-7'),
      { source: SOURCE, namespace: 'ns', name: 'object-7', revision: '9', body: { name: 'object-7', at: 9 } },
    );
  });

  test('is empty where nothing is known', async () => {
    const { bench } = await open();
    assert.deepEqual(await Array.fromAsync(readView(bench.redis, bench.options.prefix, 'unknown')), []);
  });

  test('reports which sources are complete, and refuses another form', async () => {
    const { bench, reader } = await open();
    const { [SOURCE]: known, other } = await reader.states([SOURCE, 'other']);
    assert.deepEqual([known?.complete, other], [true, { epoch: '', cursor: '', complete: false }]);
    const newer = createViewReader({ ...bench.options, form: 2 });
    await assert.rejects(newer.states([SOURCE]), { kind: 'Transient', code: 'OtherForm' });
  });

  test('whose Redis is away is no view', async () => {
    const { bench, reader } = await open();
    bench.redis.disconnect();
    await assert.rejects(Array.fromAsync(reader.objects(SOURCE)), { kind: 'Transient' });
    await assert.rejects(reader.busyKeys(['thing/a'], 0), { kind: 'Transient' });
  });
});

describe('a key is busy', () => {
  const busy = async (reader: ViewReader, graceMs = 0): Promise<readonly string[]> => [
    ...(await reader.busyKeys(['thing/a', 'thing/b', 'thing/a'], graceMs)),
  ];

  test('while it is due', async () => {
    const { bench, reader } = await open();
    await bench.watch(1, 2, put('a', 2));
    assert.deepEqual(await busy(reader), ['thing/a']);
    await bench.settle();
    assert.deepEqual(await busy(reader), []);
  });

  test('while it runs, and not because it looks again later', async () => {
    const { bench, reader } = await open();
    await bench.watch(1, 2, put('a', 2));
    const lease = await bench.lock('job');
    await bench.begin('thing/a', lease);
    await bench.settle();
    assert.deepEqual(await busy(reader), ['thing/a']);
    await bench.redis.hdel(bench.keys.key('thing/a'), 'running');
    await bench.redis.zadd(bench.keys.due, Date.now() + 60_000, 'thing/a');
    assert.deepEqual(await busy(reader), []);
  });

  test('for a while after a change', async () => {
    const { bench, reader } = await open();
    await bench.watch(1, 2, put('a', 2));
    await bench.settle();
    assert.deepEqual(await busy(reader, 30_000), ['thing/a']);
    const later = createViewReader({ ...bench.options, now: () => Date.now() + 31_000 });
    assert.deepEqual(await busy(later, 30_000), []);
  });
});
