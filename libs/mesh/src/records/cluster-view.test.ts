import assert from 'node:assert/strict';
import { createClusterView, type Changed, type ClusterView } from './cluster-view.ts';
import { leaderOf } from './cluster.ts';

const scope = { rootPrefix: 'r', kvPrefix: 'mm', service: 's' };
const key = (table: string, id: string) => `r/mm/s/${table}/${id}`;
const model = (id: string, instances: readonly string[], modRevision: bigint) => ({
  key: key('registry', id),
  value: JSON.stringify({ type: 't', instanceIds: Object.fromEntries(instances.map((iid) => [iid, 1])) }),
  modRevision,
  createRevision: 1n,
});
const gone = (id: string, modRevision: bigint) => ({
  key: key('registry', id),
  value: undefined,
  modRevision,
  createRevision: 0n,
});
const ids = (view: ClusterView) => [...view.tables.registry.keys()];

describe('the view of the records', () => {
  test('keeps of each key the highest revision, in whatever order they come', () => {
    const view = createClusterView(scope);
    view.fold([model('m', ['b'], 7n)]);
    view.fold([model('m', ['a'], 5n), model('m', ['b'], 7n)]);
    assert.deepEqual(
      [view.tables.registry.get('m')?.modRevision, view.copiesOn('a').size, view.copiesOn('b').size],
      [7n, 0, 1],
    );
  });

  test('a write that the watch shows late does not bring back what was deleted since', () => {
    const view = createClusterView(scope);
    view.fold([model('m', [], 5n)]);
    view.fold([gone('m', 8n)]);
    view.fold([model('m', [], 7n)]);
    assert.deepEqual(ids(view), []);
    view.reached(8n);
    view.fold([model('m', [], 9n)]);
    assert.deepEqual(ids(view), ['m']);
  });

  test('a list that shows less of a record than is known comes from a restored store, and is believed', () => {
    const view = createClusterView(scope);
    view.fold([model('back', ['a'], 9n), model('gone', ['a'], 10n), gone('again', 8n)]);
    view.replace(10n, [model('back', ['b'], 4n), model('again', ['b'], 5n)]);
    assert.deepEqual(
      [ids(view).toSorted(), [...view.copiesOn('a')], [...view.copiesOn('b')].toSorted()],
      [['again', 'back'], [], ['again', 'back']],
    );
  });

  test('a list takes away what it lacks, but nothing that is newer', () => {
    const view = createClusterView(scope);
    view.fold([model('old', ['a'], 5n), model('kept', ['a'], 6n), model('newer', ['a'], 12n)]);
    view.replace(10n, [model('kept', ['a'], 6n)]);
    assert.deepEqual(
      [ids(view).toSorted(), [...view.copiesOn('a')].toSorted()],
      [
        ['kept', 'newer'],
        ['kept', 'newer'],
      ],
    );
  });

  test('a replaced store with lower revisions is taken as it is', () => {
    const view = createClusterView(scope);
    view.fold([model('m', ['a'], 500n), model('n', [], 501n)]);
    view.forgetRevisions();
    view.replace(3n, [model('m', ['b'], 2n)]);
    assert.deepEqual([ids(view), view.copiesOn('a').size, view.copiesOn('b').size], [['m'], 0, 1]);
  });

  test('reports a batch once all of it is applied, and no change without effect', () => {
    const view = createClusterView(scope);
    const reported: { readonly changed: readonly Changed[]; readonly ids: readonly string[] }[] = [];
    view.onChange((changed) => reported.push({ changed, ids: ids(view) }));
    view.fold([model('a', [], 2n), model('b', [], 2n)]);
    view.fold([model('a', [], 2n), { key: 'r/other', value: '', modRevision: 3n, createRevision: 3n }]);
    const changed = ['a', 'b'].map((id) => ({ table: 'registry', id }));
    assert.deepEqual(reported, [{ changed, ids: ['a', 'b'] }]);
  });

  test('keeps a malformed record as one', () => {
    const view = createClusterView(scope);
    view.fold([{ ...model('m', [], 2n), value: '[]' }]);
    assert.equal(view.tables.registry.get('m')?.kind, 'malformed');
  });

  test('the leader is whose latch was created first', () => {
    const view = createClusterView(scope);
    assert.equal(leaderOf(view.tables.leaderLatch), undefined);
    const latch = (iid: string, createRevision: bigint) => ({
      key: key('leaderLatch', `_${iid}`),
      value: `_${iid}`,
      modRevision: 20n,
      createRevision,
    });
    view.fold([latch('late', 9n), latch('first', 4n), latch('mid', 6n)]);
    assert.equal(leaderOf(view.tables.leaderLatch), 'first');
  });
});
