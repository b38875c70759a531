import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startProcess, startRedis, waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { Bench, LOCK_MS } from './bench.ts';
import { DONE, useRedis } from './queue-fixture.ts';

const redis = useRedis();

describe('the work queue when processes die', () => {
  test('a second crash of its worker does not end a key (T3)', async () => {
    const bench = await Bench.open(redis.server.url);
    onTestEnd(() => bench.close());
    await bench.change('a');
    for (const crash of [1, 2, 3]) {
      const worker = await startProcess({
        name: 'the worker',
        command: process.execPath,
        args: [
          join(import.meta.dirname, 'fixtures', 'hanging-worker.ts'),
          redis.server.url,
          bench.prefix,
          String(LOCK_MS),
        ],
        logFile: join(redis.folder, 'worker.log'),
      });
      onTestEnd(() => worker.kill());
      const begun = async (): Promise<boolean> => (await bench.redis.llen(`${bench.prefix}:hanging`)) === crash;
      await waitFor(begun, { timeoutMs: 10_000, what: `run ${crash} to hang` });
      worker.kill();
      await worker.exited;
    }
    bench.work(() => Promise.resolve(DONE));
    await waitFor(() => bench.isIdle(), { timeoutMs: 8_000, what: 'the key to be done' });
    assert.deepEqual(bench.outcomes, ['a success']);
  });

  test('work continues within two seconds after Redis is back (T7)', async () => {
    const bench = await Bench.open(redis.server.url);
    onTestEnd(() => bench.close());
    const ran: string[] = [];
    bench.work(({ key }) => {
      ran.push(key);
      return Promise.resolve(DONE);
    });
    await bench.change('before');
    await waitFor(() => bench.isIdle(), { timeoutMs: 5_000, what: 'the first key to be done' });
    await redis.server.stop();
    const changed = bench.change('during');
    // Long enough that a back-off without a cap would have grown.
    await assert.rejects(waitFor(() => ran.length > 1, { timeoutMs: 4_000, what: 'a run without Redis' }));
    redis.server = await startRedis({ folder: redis.folder, port: redis.server.port });
    await waitFor(() => ran.length > 1, { timeoutMs: 2_000, what: 'a run after Redis is back' });
    await changed;
    assert.deepEqual(ran, ['before', 'during']);
  });

  test('what is stopped leaves no connection behind', async () => {
    const watcher = await Bench.open(redis.server.url);
    const clients = async (): Promise<number> =>
      String(await watcher.redis.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await clients();
    const bench = await Bench.open(redis.server.url);
    bench.work(() => Promise.resolve(DONE));
    bench.sweep();
    await bench.change('a');
    await waitFor(() => bench.isIdle(), { timeoutMs: 5_000, what: 'the key to be done' });
    await bench.close();
    await waitFor(async () => (await clients()) === before, { timeoutMs: 3_000, what: 'all connections to close' });
    await watcher.close();
  });
});
