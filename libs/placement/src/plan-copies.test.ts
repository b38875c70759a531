import assert from 'node:assert/strict';
import type { InstanceView } from './cluster-view.ts';
import { COPY_SETTINGS, planCopies, type CopiedModel, type CopyChange, type CopyPlan } from './plan-copies.ts';
import { cluster, HOUR, instance, loadedOn, MIB, MINUTE, model, NOW } from './testing/builders.ts';
import { noteUse, type UseHistory } from './use-history.ts';

const three = ['a', 'b', 'c'].map((id) => instance(id));
/** Three instances with 4 % free, of models that last a day. */
const short = ['a', 'b', 'c'].map((id) => instance(id, { used: 960 * MIB, models: 50, oldestUse: NOW - 24 * HOUR }));
const nine = Array.from({ length: 9 }, (_, index) => instance(`i${index}`));

const plan = (instances: readonly InstanceView[], models: readonly CopiedModel[], ahead = false): CopyPlan =>
  planCopies(cluster(instances), models, NOW, { ...COPY_SETTINGS, aheadOfUse: ahead });

/** The changes as short words: `+m b steady-use`. */
function changes(...args: Parameters<typeof plan>): readonly string[] {
  return plan(...args).changes.map(
    ({ kind, model, instance, reason }) => `${kind === 'add' ? '+' : '-'}${model} ${instance} ${reason}`,
  );
}

function used(...minutesAgo: readonly number[]): UseHistory | undefined {
  return minutesAgo
    .toSorted((a, b) => b - a)
    .reduce<UseHistory | undefined>((history, minutes) => noteUse(history, NOW - minutes * MINUTE), undefined);
}

describe('The first copy', () => {
  test('is made for a model that a request waits for', () => {
    assert.deepEqual(changes([instance('a')], [model('m', { wanted: true })]), ['+m a wanted']);
  });

  test('is not made for one that no request waits for', () => {
    assert.deepEqual(changes(three, [model('m')]), []);
  });

  test('that has no place says why', () => {
    const unplaced = [{ model: 'm', due: 'wanted', reason: 'all-excluded' }];
    const draining = instance('a', { draining: true });
    assert.deepEqual(plan([draining], [model('m', { wanted: true })]), { changes: [], unplaced });
  });

  test('counts as there while it loads, and as gone with its instance', () => {
    const loading = model('m', { wanted: true, copies: [{ instance: 'a', since: NOW - 1 }] });
    assert.deepEqual(changes(three, [loading]), []);
    assert.deepEqual(changes([instance('b')], [loading]), ['+m b wanted']);
  });

  test('of many models goes to many instances in one run', () => {
    const models = Array.from({ length: 300 }, (_, index) => model(`m${index}`, { wanted: true }));
    const counts = Map.groupBy(plan(three, models).changes, (change: CopyChange) => change.instance);
    for (const [, placed] of counts) assert.ok(placed.length >= 95 && placed.length <= 105);
  });
});

describe('A copy on an instance that is going away', () => {
  const instances = [instance('a', { draining: true }), instance('b')];

  test('is made elsewhere first', () => {
    assert.deepEqual(changes(instances, [model('m', { copies: loadedOn('a') })]), ['+m b replaces-leaving-copy']);
  });

  test('is kept while the other one loads', () => {
    const copies = [...loadedOn('a'), { instance: 'b', since: NOW - 1 }];
    assert.deepEqual(changes(instances, [model('m', { copies })]), []);
  });

  test('goes once the other one is loaded', () => {
    assert.deepEqual(changes(instances, [model('m', { copies: loadedOn('a', 'b') })]), ['-m a replaced']);
  });

  test('is kept when there is no place for another', () => {
    const only = plan(instances.slice(0, 1), [model('m', { copies: loadedOn('a') })]);
    assert.deepEqual(only.changes, []);
    assert.equal(only.unplaced[0]?.due, 'replaces-leaving-copy');
  });

  test('is treated alike when the instance may no longer hold its type', () => {
    const types = { requiredLabels: () => ['x'] };
    const view = cluster([instance('a'), instance('b', { labels: ['x'] })], { types });
    assert.equal(planCopies(view, [model('m', { copies: loadedOn('a') })], NOW).changes[0]?.instance, 'b');
    const change = { kind: 'remove', model: 'm', instance: 'a', reason: 'replaced' };
    assert.deepEqual(planCopies(view, [model('m', { copies: loadedOn('a', 'b') })], NOW).changes, [change]);
  });
});

describe('The second copy', () => {
  const usedModel = (use: UseHistory | undefined): CopiedModel => model('m', { copies: loadedOn('a'), use });
  const two = [instance('a'), instance('b')];
  const everyMinute = used(...Array.from({ length: 600 }, (_, minute) => minute));

  test('is made for a model in use all the time', () => {
    assert.deepEqual(changes(two, [usedModel(everyMinute)]), ['+m b steady-use']);
  });

  test('is made for a model that is used again after some minutes', () => {
    assert.deepEqual(changes(two, [usedModel(used(0, 20))]), ['+m b steady-use']);
  });

  test('is not made for a burst, a first use, a use after a long pause, or one that is over', () => {
    for (const use of [used(0, 1, 2, 3), used(0), used(0, 50), used(10, 20, 30), undefined]) {
      assert.deepEqual(changes(two, [usedModel(use)]), []);
    }
  });

  test('is not missed where there is only one instance', () => {
    assert.deepEqual(plan([instance('a')], [usedModel(everyMinute)]), { changes: [], unplaced: [] });
  });

  test('is not made again for a model that only just gave one up', () => {
    const rested = (minutes: number) => ({ ...usedModel(everyMinute), lastUnload: NOW - minutes * MINUTE });
    assert.deepEqual(changes(two, [rested(29)]), []);
    assert.deepEqual(changes(two, [rested(30)]), ['+m b steady-use']);
  });

  test('is kept over a pause that its use may have, however short the time that models last', () => {
    const pressed = short.map((each) => ({ ...each, oldestUse: NOW - HOUR }));
    const unused = (minutes: number) => model('m', { copies: loadedOn('a', 'b'), lastUsed: NOW - minutes * MINUTE });
    assert.deepEqual(changes(pressed, [unused(40)]), []);
    assert.deepEqual(changes(pressed, [unused(41)]), ['-m a not-used']);
  });

  test('is not made where the space is taken by models that were used lately', () => {
    const young = two.map((each) => ({ ...each, used: 920 * MIB, models: 90, oldestUse: NOW - 120 * MINUTE }));
    assert.deepEqual(changes(young, [usedModel(everyMinute)]), []);
    const old = young.map((each) => ({ ...each, oldestUse: NOW - 121 * MINUTE }));
    assert.deepEqual(changes(old, [usedModel(everyMinute)]), ['+m b steady-use']);
  });

  test('goes when space is short and the model was unused for a tenth of what models last', () => {
    const unused = (hours: number) => model('m', { copies: loadedOn('a', 'b'), lastUsed: NOW - hours * HOUR });
    assert.deepEqual(changes(short, [unused(2.5)]), ['-m a not-used']);
    assert.deepEqual(changes(short, [unused(2.3)]), []);
    assert.deepEqual(changes(three, [unused(100)]), []);
  });

  test('goes from the instance that needs the space most', () => {
    const instances = short.map((each) => (each.id === 'b' ? { ...each, used: 990 * MIB } : each));
    const unused = model('m', { copies: loadedOn('a', 'b', 'c').slice(0, 2), lastUsed: NOW - 9 * HOUR });
    assert.deepEqual(changes(instances, [unused]), ['-m b not-used']);
  });

  test('goes from the one of two full instances that would soon evict it anyway', () => {
    const instances = short.map((each) =>
      each.id === 'b' ? { ...each, oldestUse: NOW - 10 * HOUR } : { ...each, used: 990 * MIB },
    );
    const unused = model('m', { copies: loadedOn('a', 'b'), lastUsed: NOW - 9 * HOUR });
    assert.deepEqual(changes(instances, [unused]), ['-m b not-used']);
  });

  test('is not given up while one of the two still loads', () => {
    const copies = [...loadedOn('a'), { instance: 'b', since: NOW - HOUR }];
    assert.deepEqual(changes(short, [model('m', { copies, lastUsed: NOW - 9 * HOUR })]), []);
  });
});

describe('Further copies', () => {
  const asked = (rpm: number, ...on: readonly string[]) => model('m', { rpm, copies: loadedOn(...on) });

  test('are made when each has more than 2,000 requests a minute', () => {
    assert.deepEqual(changes(nine, [asked(1_999, 'i0')]), []);
    assert.equal(plan(nine, [asked(2_000, 'i0')]).changes.length, 1);
    assert.deepEqual(changes(nine, [asked(3_999, 'i0', 'i1')]), []);
    assert.equal(plan(nine, [asked(4_000, 'i0', 'i1')]).changes.length, 1);
  });

  test('are made together, as many as the rate needs, on different instances, up to a third of them', () => {
    const added = plan(nine, [asked(50_000, 'i0')]).changes;
    assert.equal(added.length, 2);
    assert.equal(new Set([...added.map((change) => change.instance), 'i0']).size, 3);
    assert.equal(plan(three, [asked(50_000, 'a')]).changes.length, 1);
  });

  test('are not made while one loads', () => {
    const copies = [...loadedOn('i0'), { instance: 'i1', since: NOW - 1 }];
    assert.deepEqual(changes(nine, [model('m', { rpm: 9_000, copies })]), []);
  });

  test('go one at a time when space is short, and only if the others bear the rate with something to spare', () => {
    const rate = (rpm: number, more: Partial<CopiedModel> = {}) => ({ ...asked(rpm, 'a', 'b', 'c'), ...more });
    assert.deepEqual(changes(short, [rate(2_666)]), ['-m a less-requested']);
    assert.deepEqual(changes(short, [rate(2_667)]), []);
    assert.deepEqual(changes(short, [rate(0, { lastUnload: NOW - 79_000 })]), []);
    const fresh = loadedOn('a', 'b', 'c').map((copy) => ({ ...copy, since: NOW - 29 * MINUTE }));
    assert.deepEqual(changes(short, [rate(0, { copies: fresh })]), []);
    assert.deepEqual(changes(three, [rate(0)]), []);
  });

  test('are not made and unmade by a rate that stays', () => {
    for (let rpm = 0; rpm < 20_000; rpm += 250) {
      const copies = Math.max(1, plan(nine, [asked(rpm, 'i0')]).changes.length + 1);
      const held = loadedOn(...nine.slice(0, copies).map(({ id }) => id));
      const full = nine.map((each) => ({ ...each, used: 999 * MIB, models: 50, oldestUse: NOW - 24 * HOUR }));
      assert.deepEqual(changes(full, [model('m', { rpm, copies: held })]), [], `${rpm} requests a minute`);
    }
  });
});

describe('Space', () => {
  test('is given back a twentieth at a time, from the least recently used', () => {
    const models = Array.from({ length: 30 }, (_, index) =>
      model(`m${index}`, { units: 10 * MIB, copies: loadedOn('a', 'b'), lastUsed: NOW - (10 + index) * HOUR }),
    );
    const removed = plan(short, models).changes.map((change) => change.model);
    assert.deepEqual(
      removed,
      Array.from({ length: 15 }, (_, index) => `m${29 - index}`),
    );
  });

  test('is given back by a model that is larger than that, too', () => {
    const large = model('m', { units: 400 * MIB, copies: loadedOn('a', 'b'), lastUsed: NOW - 10 * HOUR });
    assert.equal(plan(short, [large]).changes.length, 1);
  });

  test('is judged among the instances that may hold the type', () => {
    const types = { requiredLabels: (type: string) => [type] };
    const labelled = [
      ...short.map((each) => ({ ...each, labels: ['full'] })),
      ...nine.map((each) => ({ ...each, labels: ['empty'] })),
    ];
    const unused = model('m', { type: 'full', copies: loadedOn('a', 'b'), lastUsed: NOW - 10 * HOUR });
    assert.equal(planCopies(cluster(labelled, { types }), [unused], NOW).changes[0]?.reason, 'not-used');
  });
});

describe('Loading ahead of use', () => {
  const unloaded = (count: number, units: number, ageHours = 0) =>
    Array.from({ length: count }, (_, index) =>
      model(`m${String(index).padStart(3, '0')}`, { units, lastUsed: NOW - ageHours * HOUR - index * MINUTE }),
    );

  test('fills half of what is free above an eighth, with the most recently used', () => {
    const added = plan(three, unloaded(200, 10 * MIB), true).changes.map((change) => change.model);
    assert.equal(added.length, 131);
    assert.deepEqual(added.slice(0, 2), ['m000', 'm001']);
    assert.equal(added.at(-1), 'm130');
  });

  test('in full instances exchanges a twentieth, for what was used within half of the time that models last', () => {
    assert.equal(plan(short, unloaded(30, 10 * MIB), true).changes.length, 15);
    assert.deepEqual(changes(short, unloaded(30, 10 * MIB, 13), true), []);
  });

  test('leaves out what failed twice', () => {
    const failures = ['a', 'b'].map((id) => ({ instance: id, at: NOW - HOUR }));
    assert.deepEqual(changes(three, [model('m', { failures })], true), []);
  });
});
