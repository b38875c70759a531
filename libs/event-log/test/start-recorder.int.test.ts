import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { connectRedis, initialiseLog, startRecorder } from '../src/index.ts';
import { FakeServer } from './fake-feed.ts';

const silent = { info() {}, warn() {}, error() {} };

/** As the metrics of a process keep it: a source is blocked until it records again. */
function blockedSources() {
  const reasons = new Map<string, string>();
  return {
    recorded: (source: string) => void reasons.delete(source),
    listed: (source: string) => void reasons.delete(source),
    failed: (source: string, reason: string) => void reasons.set(source, reason),
    alive() {},
    blockedBy: (source: string) => reasons.get(source),
  };
}

test('a source is ready again soon after Redis takes writes again, and stops although Redis is away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-start-recorder-'));
  const server = await startRedis({ folder });
  const redis = connectRedis({ url: server.url });
  await initialiseLog(redis, '{blocked}');
  const things = new FakeServer();
  things.put('a');
  const recorder = startRecorder({
    redis: { url: server.url },
    prefix: '{blocked}',
    queueName: 'main',
    openQueue: () => ({ enqueue: async () => undefined, stop: async () => undefined }),
    feeds: [things.feed()],
    observer: blockedSources(),
    logger: silent,
  });
  onTestEnd(async () => {
    redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const ready = (what: string): Promise<unknown> =>
    waitFor(() => recorder.problem() === undefined && things.lists > 0, { timeoutMs: 20_000, what });
  await ready('the first list');
  await redis.config('SET', 'maxmemory', '1');
  things.put('b');
  await waitFor(() => recorder.problem() !== undefined, { timeoutMs: 10_000, what: 'the refusal to be noticed' });
  assert.equal(recorder.problem(), 'things: RedisOutOfMemory');
  await redis.config('SET', 'maxmemory', '0');
  await ready('recording to continue');
  await server.stop();
  await recorder.stop();
});
