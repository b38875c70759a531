import assert from 'node:assert/strict';
import { onTestEnd } from '@meshkeeper/testing';
import { createClientCache } from './client-cache.ts';
import type { StorageClient, StorageConnection } from './provider.ts';

/** Connections that count how often they were opened and closed. */
function counted(...fields: readonly string[]) {
  const counts = { opened: 0, closed: 0 };
  const client: StorageClient = {
    pull: () => Promise.resolve(0),
    close: () => Promise.resolve(void (counts.closed += 1)),
  };
  const connection: StorageConnection = {
    fields,
    open: () => {
      counts.opened += 1;
      return client;
    },
  };
  return { counts, connection };
}

const nothing = (): Promise<void> => Promise.resolve();

test('the same connection shares a client; another secret or another type gets its own', async () => {
  const cache = createClientCache(1_000);
  const { counts, connection } = counted('a', 'b');
  await Promise.all([cache.use('s3', connection, nothing), cache.use('s3', connection, nothing)]);
  assert.deepEqual(counts, { opened: 1, closed: 0 });
  await cache.use('s3', { ...connection, fields: ['a', 'c'] }, nothing);
  await cache.use('gcs', connection, nothing);
  await cache.use('s3', { ...connection, fields: ['ab', ''] }, nothing);
  assert.equal(cache.size(), 4);
  await cache.close();
  assert.deepEqual([counts.closed, cache.size()], [4, 0]);
});

test('a client is closed once it was idle long enough, never while it is used', async () => {
  jest.useFakeTimers();
  onTestEnd(() => jest.useRealTimers());
  const cache = createClientCache(1_000);
  const { counts, connection } = counted('a');
  await cache.use('s3', connection, nothing);
  jest.advanceTimersByTime(999);
  await cache.use('s3', connection, async () => jest.advanceTimersByTime(5_000));
  assert.deepEqual(counts, { opened: 1, closed: 0 });
  jest.advanceTimersByTime(1_000);
  assert.deepEqual([counts.closed, cache.size()], [1, 0]);
  await cache.use('s3', connection, nothing);
  assert.equal(counts.opened, 2);
});

test('a client that cannot be opened is not kept', async () => {
  const cache = createClientCache(1_000);
  const broken = { fields: [], open: () => assert.fail('broken') };
  await assert.rejects(cache.use('s3', broken, nothing), /broken/);
  assert.equal(cache.size(), 0);
});
