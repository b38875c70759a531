import assert from 'node:assert/strict';
import type { EtcdClient, EtcdEntry, EtcdTxnResult } from '@meshkeeper/etcd';
import { createClusterView, type Seen } from './cluster-view.ts';
import { createRecordStore, type RecordRef } from './record-store.ts';

const scope = { rootPrefix: 'r', kvPrefix: 'mm', service: 's' };
const MODEL: RecordRef = { table: 'registry', id: 'm' };
const record = (instances: readonly string[], modRevision: bigint): EtcdEntry => ({
  key: 'r/mm/s/registry/m',
  value: JSON.stringify({ type: 't', instanceIds: Object.fromEntries(instances.map((iid) => [iid, 1])) }),
  modRevision,
  createRevision: 1n,
  lease: 0n,
});

/** A store whose etcd gives these answers, one after the other, whatever it is asked. */
function storeOf(known: Seen, ...answers: readonly EtcdTxnResult[]) {
  const view = createClusterView(scope);
  view.fold([known]);
  const left = [...answers];
  const etcd = { txn: async () => left.shift() ?? assert.fail('etcd is asked too often') } as unknown as EtcdClient;
  return { view, store: createRecordStore(etcd, view) };
}

const answer = (entry: EtcdEntry | undefined, revision: bigint): EtcdTxnResult => ({
  succeeded: false,
  revision,
  gets: [entry],
});
const holders = (store: ReturnType<typeof storeOf>['store']) => Object.keys(store.model('m')?.instanceIds ?? {});

describe('what etcd answers', () => {
  test('is believed though it is older than what is known: the store was replaced, and its copies are gone', async () => {
    for (const revision of [12n, 90n]) {
      const { store } = storeOf(record(['lost'], 50n), answer(record([], 9n), revision));
      await store.read([MODEL]);
      assert.deepEqual(holders(store), []);
    }
  });

  test('is believed about what a replaced store lacks', async () => {
    const { store } = storeOf(record(['lost'], 50n), answer(undefined, 12n));
    await store.read([MODEL]);
    assert.equal(store.model('m'), undefined);
  });

  test('is believed where it refuses a write, so that the next try stands on it', async () => {
    const { store } = storeOf(record(['lost'], 50n), answer(record([], 9n), 12n));
    assert.deepEqual([await store.commit([MODEL], []), holders(store)], [false, []]);
  });

  test('does not undo what became known while it was under way', async () => {
    const view = createClusterView(scope);
    view.fold([record(['a'], 5n)]);
    const etcd = {
      txn: async () => {
        view.fold([record(['b'], 8n)]);
        return answer(record(['a'], 5n), 6n);
      },
    } as unknown as EtcdClient;
    const store = createRecordStore(etcd, view);
    await store.read([MODEL]);
    assert.deepEqual(holders(store), ['b']);
  });
});
