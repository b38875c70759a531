import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ModelRecord, VModelRecord } from '@meshkeeper/modelmesh';
import { newModelRecord } from './model-record.ts';
import {
  completeTransition,
  decideDeleteVModel,
  decideSetVModel,
  type RecordChange,
  type SetVModel,
  type VModelSnapshot,
} from './vmodels.ts';

const INFO = { type: 'mt:sklearn', path: 'p', key: 'k' };
const NOW = 1_795_438_130_000;

type World = { readonly vmodels: Map<string, VModelRecord>; readonly models: Map<string, ModelRecord> };

function snapshot(world: World, vModelId: string, loaded: ReadonlySet<string> = new Set()): VModelSnapshot {
  return {
    now: NOW,
    defaultOwner: 'ksp',
    vmodel: world.vmodels.get(vModelId),
    model: (id) => world.models.get(id),
    liveCopies: (id) => (loaded.has(id) ? 1 : 0),
    isLoaded: (id) => loaded.has(id),
  };
}

function request(more: Partial<SetVModel>): SetVModel {
  return {
    vModelId: 'v',
    targetModelId: 't',
    updateOnly: false,
    modelInfo: INFO,
    autoDeleteTargetModel: true,
    loadNow: false,
    force: false,
    expectedTargetModelId: '',
    owner: '',
    ...more,
  };
}

/** As the store does: all changes, and each key at most once. */
function apply(world: World, changes: readonly RecordChange[]): void {
  const keys = changes.map(({ table, id }) => `${table}/${id}`);
  assert.equal(new Set(keys).size, keys.length, `written twice: ${keys.join(' ')}`);
  for (const { table, id, record } of changes) {
    const rows: Map<string, unknown> = table === 'vmodels' ? world.vmodels : world.models;
    if (record === undefined) rows.delete(id);
    else rows.set(id, record);
  }
}

/** How many vmodels name each model; a model with autoDel must not outlive its last one. */
function expectedRefs({ vmodels }: World): Map<string, number> {
  const refs = new Map<string, number>();
  for (const { amid, tmid } of vmodels.values())
    for (const id of new Set([amid, tmid])) refs.set(id, (refs.get(id) ?? 0) + 1);
  return refs;
}

describe('references', () => {
  const ids = fc.constantFrom('v1', 'v2', 'v3');
  const targets = fc.constantFrom('a', 'b', 'c', 'd');
  const loaded = fc.uniqueArray(targets).map((list) => new Set(list));
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), id: ids, target: targets, force: fc.boolean(), loaded }),
    fc.record({ kind: fc.constant('complete' as const), id: ids }),
    fc.record({ kind: fc.constant('delete' as const), id: ids }),
  );

  test('after any calls, each model is referred to exactly by the vmodels that name it, and goes with the last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const world: World = { vmodels: new Map(), models: new Map() };
        for (const next of steps) {
          const { id } = next;
          const vmodel = world.vmodels.get(id);
          if (next.kind === 'delete') apply(world, decideDeleteVModel(id, '', snapshot(world, id)));
          if (next.kind === 'complete' && vmodel !== undefined && vmodel.amid !== vmodel.tmid) {
            apply(world, completeTransition(id, vmodel, snapshot(world, id)));
          }
          if (next.kind !== 'set') continue;
          const asked = request({ vModelId: id, targetModelId: next.target, force: next.force });
          const decision = decideSetVModel(asked, snapshot(world, id, next.loaded));
          if (decision.kind === 'changed') apply(world, decision.changes);
        }
        const refs = new Map([...world.models].map(([id, { refs }]) => [id, refs]));
        assert.deepEqual(refs, new Map([...refs.keys()].map((id) => [id, expectedRefs(world).get(id)])));
        assert.deepEqual(new Set(refs.keys()), new Set(expectedRefs(world).keys()));
      }),
    );
  });

  test('the same request again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ target: targets, force: fc.boolean(), loaded }), { minLength: 1, maxLength: 6 }),
        (calls) => {
          const world: World = { vmodels: new Map(), models: new Map() };
          for (const call of calls) {
            const asked = request({ targetModelId: call.target, force: call.force });
            const decide = () => decideSetVModel(asked, snapshot(world, 'v', call.loaded));
            const decision = decide();
            if (decision.kind === 'changed') apply(world, decision.changes);
            assert.deepEqual(decide(), { kind: 'unchanged' });
          }
        },
      ),
    );
  });
});

describe('what one call writes, in order', () => {
  const model = (more: Partial<ModelRecord> = {}): ModelRecord => ({
    ...newModelRecord(INFO, { autoDel: true, lu: 9n }),
    refs: 1,
    ...more,
  });
  const vmodel = (more: Partial<VModelRecord> = {}): VModelRecord => ({
    o: 'isvc',
    amid: 'a',
    tmid: 'a',
    failed: false,
    extra: {},
    ...more,
  });

  test('creation: the vmodel, then the target', () => {
    const world: World = { vmodels: new Map(), models: new Map() };
    const lu = BigInt(NOW - 6 * 3_600_000);
    assert.deepEqual(decideSetVModel(request({}), snapshot(world, 'v')), {
      kind: 'changed',
      loadActive: false,
      changes: [
        { table: 'vmodels', id: 'v', record: vmodel({ o: 'ksp', amid: 't', tmid: 't' }) },
        { table: 'registry', id: 't', record: model({ lu }) },
      ],
    });
  });

  test('a new target of a loaded active: its last use is the active’s', () => {
    const world: World = { vmodels: new Map([['v', vmodel()]]), models: new Map([['a', model({ lu: 77n })]]) };
    assert.deepEqual(decideSetVModel(request({}), snapshot(world, 'v', new Set(['a']))), {
      kind: 'changed',
      loadActive: false,
      changes: [
        { table: 'vmodels', id: 'v', record: vmodel({ tmid: 't' }) },
        { table: 'registry', id: 't', record: model({ lu: 77n }) },
      ],
    });
  });

  test('another target while one is pending: the pending one goes in the same transaction', () => {
    const world: World = {
      vmodels: new Map([['v', vmodel({ tmid: 'p', failed: true })]]),
      models: new Map([
        ['a', model()],
        ['p', model()],
      ]),
    };
    const decision = decideSetVModel(request({}), snapshot(world, 'v', new Set(['a'])));
    assert.deepEqual(
      decision.kind === 'changed' && decision.changes.map(({ table, id, record }) => [table, id, record === undefined]),
      [
        ['vmodels', 'v', false],
        ['registry', 't', false],
        ['registry', 'p', true],
      ],
    );
  });

  test('deletion: a model whose references are already lost keeps none, and is not counted below zero', () => {
    const unreferenced = model({ autoDel: false, refs: 0 });
    const world: World = { vmodels: new Map([['v', vmodel()]]), models: new Map([['a', unreferenced]]) };
    expect(decideDeleteVModel('v', 'isvc', snapshot(world, 'v'))).toEqual([
      { table: 'registry', id: 'a', record: unreferenced },
      { table: 'vmodels', id: 'v', record: undefined },
    ]);
  });

  test('deletion: the models, then the vmodel; a model without autoDel stays with one reference less', () => {
    const world: World = {
      vmodels: new Map([['v', vmodel({ tmid: 'p' })]]),
      models: new Map([
        ['a', model()],
        ['p', model({ autoDel: false })],
      ]),
    };
    assert.deepEqual(decideDeleteVModel('v', 'isvc', snapshot(world, 'v')), [
      { table: 'registry', id: 'a', record: undefined },
      { table: 'registry', id: 'p', record: model({ autoDel: false, refs: 0 }) },
      { table: 'vmodels', id: 'v', record: undefined },
    ]);
    assert.deepEqual(decideDeleteVModel('v', 'ksp', snapshot(world, 'v')), []);
  });
});
