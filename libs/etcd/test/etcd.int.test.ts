import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError } from '@meshkeeper/domain';
import { freePort, startEtcd, waitFor, type EtcdServer } from '@meshkeeper/sandbox';
import { createEtcdClient, readKvStore, type EtcdClient, type EtcdEvent, type EtcdWatchBatch } from '../src/index.ts';

const NEVER = new AbortController().signal;

async function errorOf(call: Promise<unknown>): Promise<{ readonly kind: string; readonly code: string | undefined }> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof CallError);
    return { kind: error.kind, code: error.code };
  }
  throw new Error('The call succeeded');
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Batches until `last` says that this was the last one. */
async function collect(
  batches: AsyncIterable<EtcdWatchBatch>,
  last: (batch: EtcdWatchBatch) => boolean,
): Promise<EtcdWatchBatch[]> {
  const collected: EtcdWatchBatch[] = [];
  for await (const batch of batches) {
    collected.push(batch);
    if (last(batch)) break;
  }
  return collected;
}

describe('etcd', () => {
  let folder: string;
  let port: number;
  let etcd: EtcdServer;
  let client: EtcdClient;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshkeeper-etcd-'));
    port = await freePort();
    etcd = await startEtcd({ folder, port });
    client = createEtcdClient(readKvStore(`${etcd.endpoint};rootPrefix=root`), { pageSize: 100 });
  });
  afterAll(async () => {
    client.close();
    await etcd.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the head has a revision that grows and an identity that stays', async () => {
    const first = await client.readHead();
    const revision = await client.put('root/head', 'x');
    assert.deepEqual(await client.readHead(), { revision, identity: first.identity });
    assert.equal(revision, first.revision + 1n);
    assert.match(first.identity, /^[0-9a-f]+$/);
  });

  test('a transaction holds only on the revisions it names, and is one revision', async () => {
    const created = await client.txn({
      compare: [{ key: 'root/txn', modRevision: 0n }],
      success: [
        { kind: 'put', key: 'root/txn', value: '1' },
        { kind: 'put', key: 'root/txn2', value: '2' },
      ],
    });
    const again = await client.txn({
      compare: [{ key: 'root/txn', modRevision: 0n }],
      success: [{ kind: 'delete', key: 'root/txn' }],
      failure: [
        { kind: 'get', key: 'root/txn2' },
        { kind: 'get', key: 'root/none' },
      ],
    });
    const entry = {
      key: 'root/txn2',
      value: '2',
      createRevision: created.revision,
      modRevision: created.revision,
      lease: 0n,
    };
    assert.deepEqual(
      [created.succeeded, again],
      [true, { succeeded: false, revision: created.revision, gets: [entry, undefined] }],
    );
  });

  test('a prefix is read in pages of one revision, whatever is written between', async () => {
    for (let index = 0; index < 250; index += 1) await client.put(`root/page/${String(index).padStart(3, '0')}`, '');
    const { revision } = await client.readHead();
    const seen: { readonly revision: bigint; readonly count: number }[] = [];
    for await (const page of client.rangePrefix('root/page/')) {
      seen.push({ revision: page.revision, count: page.entries.length });
      await client.put(`root/page/zz${seen.length}`, '');
    }
    assert.deepEqual(
      seen,
      [100, 100, 50].map((count) => ({ revision, count })),
    );
  });

  test('a prefix without keys still has a revision', async () => {
    const { revision } = await client.readHead();
    assert.deepEqual(await all(client.rangePrefix('root/nothing/')), [{ revision, entries: [], more: false }]);
  });

  test('a deletion carries its own revision, and revisions are never split', async () => {
    const from = await client.put('root/w/a', '1');
    const { revision } = await client.txn({
      compare: [],
      success: [
        { kind: 'put', key: 'root/w/b', value: '2' },
        { kind: 'delete', key: 'root/w/a' },
      ],
    });
    const watch = client.watchPrefix({ prefix: 'root/w/', fromRevision: from, signal: NEVER });
    const batches = await collect(watch, (batch) => batch.kind === 'events' && batch.revision === revision);
    assert.deepEqual(
      batches.flatMap((batch) => (batch.kind === 'events' ? batch.events : [])),
      [
        { kind: 'put', key: 'root/w/a', value: '1', modRevision: from, createRevision: from },
        { kind: 'put', key: 'root/w/b', value: '2', modRevision: revision, createRevision: revision },
        { kind: 'delete', key: 'root/w/a', value: '', modRevision: revision, createRevision: 0n },
      ],
    );
  });

  test('a revision larger than one message arrives as one batch', async () => {
    const value = 'x'.repeat(500_000);
    const from = await client.put('root/big/0', value);
    let revision = from;
    for (let index = 1; index < 12; index += 1) revision = await client.put(`root/big/${index}`, value);
    const watch = client.watchPrefix({ prefix: 'root/big/', fromRevision: from, signal: NEVER });
    const batches = await collect(watch, (batch) => batch.kind === 'events' && batch.revision === revision);
    const events = batches.flatMap((batch) => (batch.kind === 'events' ? batch.events : []));
    assert.deepEqual(
      events.map(({ modRevision }) => modRevision),
      Array.from({ length: 12 }, (_, index) => from + BigInt(index)),
    );
    for (const batch of batches)
      assert.equal(batch.kind === 'events' && batch.events.at(-1)?.modRevision === batch.revision, true);
  });

  test('aborting ends a watch without an error', async () => {
    const stop = new AbortController();
    const { revision } = await client.readHead();
    const done = all(client.watchPrefix({ prefix: 'root/', fromRevision: revision + 1n, signal: stop.signal }));
    stop.abort();
    assert.deepEqual(await done, []);
  });

  test('killing etcd after the first batch of a replay loses no event', async () => {
    const from = await client.put('root/kill/0', '0');
    // In batches: how long a put waits behind thousands of others depends on the machine.
    for (let batch = 0; batch < 30; batch += 1)
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => client.put(`root/kill/${batch * 100 + index + 1}`, String(index))),
      );
    const { revision: last } = await client.readHead();
    const events: EtcdEvent[] = [];
    let cursor = from;
    let killed = false;
    while (cursor <= last) {
      try {
        for await (const batch of client.watchPrefix({ prefix: 'root/kill/', fromRevision: cursor, signal: NEVER })) {
          if (batch.kind !== 'events') continue;
          events.push(...batch.events);
          cursor = batch.revision + 1n;
          if (cursor > last) break;
          if (killed) continue;
          killed = true;
          etcd.kill();
          await etcd.exited;
        }
      } catch (error) {
        assert.ok(error instanceof CallError && error.kind === 'Transient');
        etcd = await startEtcd({ folder, port });
      }
    }
    assert.equal(killed, true);
    const expected = Array.from({ length: 3_001 }, (_, index) => from + BigInt(index));
    assert.deepEqual(
      events.map(({ modRevision }) => modRevision),
      expected,
    );
  });

  test('a compacted start arrives as data, a compacted page as a conflict', async () => {
    const revision = await client.put('root/compact', '1');
    await client.put('root/compact', '2');
    const head = await client.put('root/compact', '3');
    await client.compact(head);
    const watch = client.watchPrefix({ prefix: 'root/', fromRevision: revision, signal: NEVER });
    assert.deepEqual(await all(watch), [{ kind: 'compacted', compactRevision: head }]);
    const page = all(client.rangePrefix('root/', revision));
    assert.deepEqual(await errorOf(page), { kind: 'Conflict', code: 'OUT_OF_RANGE' });
  });

  test('keys go with their lease, and a lease that is gone says so', async () => {
    const lease = await client.grantLease(25);
    await client.put('root/leased', 'x', { lease });
    assert.equal((await client.get('root/leased')).entry?.lease, lease);
    assert.equal(await client.keepLeaseAlive(lease), 25);
    await client.revokeLease(lease);
    assert.equal((await client.get('root/leased')).entry, undefined);
    assert.equal(await client.keepLeaseAlive(lease), 0);
    assert.deepEqual(await errorOf(client.put('root/leased', 'x', { lease })), { kind: 'Gone', code: 'NOT_FOUND' });
  });

  test('of several endpoints the first that answers is used', async () => {
    const dead = await freePort();
    const many = createEtcdClient(readKvStore(`http://127.0.0.1:${dead},${etcd.endpoint};rootPrefix=root`));
    assert.equal((await many.readHead()).identity, (await client.readHead()).identity);
    many.close();
  });

  test('an etcd that hangs is given up after the deadline', async () => {
    const quick = createEtcdClient(readKvStore(`${etcd.endpoint};rootPrefix=root`), { timeoutMs: 300 });
    await quick.readHead();
    etcd.freeze();
    // A process stops a moment after the signal.
    const hangs = () =>
      quick
        .readHead()
        .then(() => false)
        .catch(() => true);
    await waitFor(hangs, { timeoutMs: 5_000, what: 'etcd to hang' });
    const late = { kind: 'Transient', code: 'DEADLINE_EXCEEDED' };
    const txn = quick.txn({ compare: [], success: [{ kind: 'put', key: 'root/y', value: '' }] });
    assert.deepEqual(await Promise.all([errorOf(quick.put('root/x', '')), errorOf(txn)]), [late, late]);
    etcd.thaw();
    await waitFor(() => quick.readHead(), { timeoutMs: 5_000, what: 'etcd to answer again' });
    quick.close();
  });
});
