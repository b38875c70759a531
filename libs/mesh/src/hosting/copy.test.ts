import assert from 'node:assert/strict';
import { Copy } from './copy.ts';
import { Rate } from './rate.ts';

const LONG_MS = 60_000;

async function isOpen(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
}

describe('a copy', () => {
  test('is settled for earlier and later waiters', async () => {
    const copy = new Copy('m', 1, 0);
    const before = copy.settled;
    assert.equal(await isOpen(before), false);
    copy.setState({ kind: 'loaded', at: 5 });
    assert.deepEqual([await isOpen(before), await isOpen(copy.settled)], [true, true]);
    assert.equal(await isOpen(copy.published), false);
    copy.markPublished();
    assert.equal(await isOpen(copy.published), true);
  });

  test('drains immediately without a call, and settles its waiters', async () => {
    const copy = new Copy('m', 1, 0);
    const { settled } = copy;
    assert.equal(await isOpen(copy.drain(LONG_MS)), true);
    assert.equal(await isOpen(settled), true);
  });

  test('drains with its last call, however often it is drained', async () => {
    const copy = new Copy('m', 1, 0);
    copy.called(1);
    copy.called(2);
    const leaving = [copy.drain(LONG_MS), copy.drain(LONG_MS)];
    copy.ended();
    assert.equal(await isOpen(Promise.race(leaving)), false);
    copy.ended();
    await Promise.all(leaving);
  });

  test('leaves in spite of calls when the time is over', async () => {
    const copy = new Copy('m', 1, 0);
    copy.called(1);
    const alive = setTimeout(() => undefined, LONG_MS);
    await copy.drain(1);
    clearTimeout(alive);
  });
});

describe('a rate', () => {
  test('counts the last minute, and forgets what is older', () => {
    const rate = new Rate();
    assert.equal(rate.perMinute(1_000_000), 0);
    for (const now of [1_000_000, 1_000_001, 1_030_000]) rate.count(now);
    assert.equal(rate.perMinute(1_030_000), 3);
    assert.equal(rate.perMinute(1_070_000), 1);
    assert.equal(rate.perMinute(2_000_000), 0);
  });
});
