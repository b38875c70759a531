import assert from 'node:assert/strict';
import { onTestEnd } from '@meshkeeper/testing';
import { initialiseLog, Recorder } from '../src/index.ts';
import { LogBench, put, SERVER, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

const UNSEEN = { epoch: '', highest: '' };
let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

async function open(): Promise<LogBench> {
  const bench = await LogBench.open(server.url);
  onTestEnd(() => bench.close());
  return bench;
}

const next = (epoch: string): string => String(Number(epoch) + 1);

describe('opening a source', () => {
  test('waits one lock duration on a new Redis, from the first who asks on', async () => {
    let now = 50_000;
    const bench = new LogBench(server.url, { now: () => now });
    onTestEnd(() => bench.close());
    const ask = (): ReturnType<Recorder['openSource']> => bench.recorder.openSource(SOURCE, SERVER, UNSEEN);
    const first = await ask();
    now += 400;
    const second = await ask();
    now += 600;
    const third = await ask();
    assert.deepEqual(
      [first, second, third],
      [
        { status: 'wait', waitMs: 1_000 },
        { status: 'wait', waitMs: 600 },
        { status: 'ok', epoch: '51000', cursor: '', complete: false },
      ],
    );
  });

  test('does not wait on a Redis that was initialised', async () => {
    const bench = new LogBench(server.url, { now: () => 50_000 });
    onTestEnd(() => bench.close());
    await initialiseLog(bench.redis, bench.options.prefix);
    const opened = await bench.recorder.openSource(SOURCE, SERVER, UNSEEN);
    assert.deepEqual(opened, { status: 'ok', epoch: '50000', cursor: '', complete: false });
  });

  test('of the same server gives what is stored', async () => {
    const bench = await open();
    const opened = await bench.recorder.openSource(SOURCE, SERVER, { epoch: bench.epoch, highest: '1' });
    assert.deepEqual(opened, { status: 'ok', epoch: bench.epoch, cursor: '1', complete: true });
  });

  test('of a replaced server starts the next epoch', async () => {
    const bench = await open();
    const replaced = { identity: 'another', head: '900' };
    const opened = await bench.recorder.openSource(SOURCE, replaced, { epoch: bench.epoch, highest: '1' });
    assert.deepEqual(opened, { status: 'ok', epoch: next(bench.epoch), cursor: '', complete: false });
  });

  test('of a server whose head is behind the cursor that was seen before starts the next epoch', async () => {
    const bench = await open();
    await bench.watch(1, 10, put('a', 10));
    const restored = { ...SERVER, head: '9' };
    const opened = await bench.recorder.openSource(SOURCE, restored, { epoch: bench.epoch, highest: '10' });
    assert.deepEqual(opened, { status: 'ok', epoch: next(bench.epoch), cursor: '', complete: false });
  });

  test('of a server whose head is behind one of our own writes starts the next epoch, wherever the cursor stands', async () => {
    const bench = await open();
    const effect = { key: 'thing/a', fencingToken: 1, write: 'w', reason: 'r', outcome: 'ok', cause: [] };
    await bench.recorder.recordEffect(SOURCE, bench.epoch, effect, put('a', 10));
    const seen = await bench.recorder.sourceState(SOURCE);
    assert.deepEqual({ cursor: seen.cursor, highest: seen.highest }, { cursor: '1', highest: '10' });
    const opened = await bench.recorder.openSource(SOURCE, { ...SERVER, head: '9' }, seen);
    assert.deepEqual(opened, { status: 'ok', epoch: next(bench.epoch), cursor: '', complete: false });
  });

  test('with a cursor that moved on after the head was read starts no epoch', async () => {
    const bench = await open();
    const seen = await bench.recorder.sourceState(SOURCE);
    await bench.watch(1, 10, put('a', 10));
    const opened = await bench.recorder.openSource(SOURCE, { ...SERVER, head: '9' }, seen);
    assert.deepEqual(opened, { status: 'ok', epoch: bench.epoch, cursor: '10', complete: true });
  });

  test('after a long freeze during which another process opened an epoch, is answered with moved', async () => {
    const bench = await open();
    const seen = await bench.recorder.sourceState(SOURCE);
    const epoch = await bench.reopen({ identity: 'another', head: '900' });
    const frozen = await bench.recorder.openSource(SOURCE, SERVER, seen);
    const state = await bench.recorder.sourceState(SOURCE);
    assert.deepEqual([frozen, state], [{ status: 'moved' }, { epoch, cursor: '', complete: false, highest: '' }]);
  });

  test('that a newer program keeps is refused; a newer program starts the next epoch', async () => {
    const bench = await open();
    const newer = new Recorder({ ...bench.options, form: 10 });
    const older = new Recorder({ ...bench.options, form: 9 });
    const taken = await newer.openSource(SOURCE, SERVER, { epoch: bench.epoch, highest: '1' });
    const late = await older.openSource(SOURCE, SERVER, { epoch: next(bench.epoch), highest: '' });
    assert.deepEqual(
      [taken, late],
      [{ status: 'ok', epoch: next(bench.epoch), cursor: '', complete: false }, { status: 'form' }],
    );
  });

  test('again keeps the view until the next list, which then deletes what is missing from it', async () => {
    const bench = await open();
    await bench.watch(1, 10, put('a', 9), put('b', 10));
    bench.epoch = await bench.reopen({ identity: 'another', head: '4' });
    const before = await bench.view();
    await bench.list(4, [put('b', 3)], ['a']);
    assert.deepEqual([before, await bench.view()], [{ a: '9', b: '10' }, { b: '3' }]);
  });
});
