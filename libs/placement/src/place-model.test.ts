import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ClusterView, InstanceView } from './cluster-view.ts';
import { FAILURE_EXPIRY_MS, placeModel, type Placement } from './place-model.ts';
import type { CopiedModel } from './plan-copies.ts';
import { cluster, HOUR, instance, loadedOn, MIB, MINUTE, model, NOW } from './testing/builders.ts';

const full = (id: string, parts: Partial<InstanceView> = {}): InstanceView =>
  instance(id, { used: 1_000 * MIB, models: 50, oldestUse: NOW - HOUR, ...parts });

function place(instances: readonly InstanceView[], parts: Partial<CopiedModel> = {}, view: Partial<ClusterView> = {}) {
  return placeModel(cluster(instances, view), model('m', parts), NOW);
}

const on = (id: string): Placement => ({ kind: 'placed', instance: id });

describe('A model goes only where it may', () => {
  const types = { requiredLabels: () => ['mt:onnx', 'rt:ovms'] };

  test('every required label must be there', () => {
    const one = instance('a', { labels: ['mt:onnx'] });
    const both = instance('b', { labels: ['rt:ovms', 'mt:onnx', 'pv:v2'], models: 9 });
    assert.deepEqual(place([one, both], {}, { types }), on('b'));
    assert.deepEqual(place([one], {}, { types }), { kind: 'none', reason: 'no-instance-for-type' });
  });

  test('a preferred label wins over more space, but is not needed', () => {
    const preferring = { requiredLabels: () => [], preferredLabels: () => ['gpu'] };
    const plain = instance('a');
    const preferred = instance('b', { labels: ['gpu'], models: 30, used: 500 * MIB });
    assert.deepEqual(place([plain, preferred], {}, { types: preferring }), on('b'));
    assert.deepEqual(place([plain], {}, { types: preferring }), on('a'));
  });

  test('not where it is, nor where it loads, nor on a draining instance', () => {
    const draining = instance('c', { draining: true });
    const copies = [...loadedOn('a'), { instance: 'b', since: NOW }];
    const excluded = { kind: 'none', reason: 'all-excluded' };
    assert.deepEqual(place([instance('a'), instance('b'), draining], { copies }), excluded);
  });

  test('not where it failed lately', () => {
    const failures = [{ instance: 'a', at: NOW - FAILURE_EXPIRY_MS + 1 }];
    assert.deepEqual(place([instance('a'), instance('b', { models: 9 })], { failures }), on('b'));
    assert.deepEqual(place([instance('a')], { failures }), { kind: 'none', reason: 'failed' });
    const expired = [{ instance: 'a', at: NOW - FAILURE_EXPIRY_MS }];
    assert.deepEqual(place([instance('a')], { failures: expired }), on('a'));
  });

  test('nowhere after three instances failed', () => {
    const failures = ['a', 'b', 'c'].map((id) => ({ instance: id, at: NOW }));
    const instances = ['a', 'b', 'c', 'd'].map((id) => instance(id));
    assert.deepEqual(place(instances, { failures }), { kind: 'none', reason: 'failed' });
  });

  test('not where it would not fit even alone', () => {
    const large = { units: 2_000 * MIB };
    assert.deepEqual(place([instance('a')], large), { kind: 'none', reason: 'too-large' });
    assert.deepEqual(place([instance('a'), instance('b', { capacity: 3_000 * MIB })], large), on('b'));
  });

  test('on an instance that will soon be replaced only when there is no other', () => {
    const leaving = instance('a', { leaving: true });
    assert.deepEqual(place([leaving, instance('b', { models: 9 })]), on('b'));
    assert.deepEqual(place([leaving]), on('a'));
  });
});

describe('Of the instances that may hold a model', () => {
  test('one with space is taken before one that is full, however old its models', () => {
    assert.deepEqual(place([full('a', { oldestUse: 1 }), instance('b', { used: 900 * MIB, models: 90 })]), on('b'));
  });

  test('the last space of a full one is taken before anything is evicted', () => {
    assert.deepEqual(place([full('a', { oldestUse: 1 }), full('b', { used: 999 * MIB })]), on('b'));
  });

  test('one with few models and much space is taken', () => {
    assert.deepEqual(place([instance('a', { models: 10 }), instance('b', { models: 7 })]), on('b'));
    const little = instance('a', { models: 3, used: 800 * MIB });
    assert.deepEqual(place([little, instance('b', { models: 7 })]), on('b'));
  });

  test('one with an idle slot is taken before one where loads wait', () => {
    assert.deepEqual(place([instance('a', { loading: 6 }), instance('b', { loading: 5, models: 50 })]), on('b'));
  });

  test('a busy one is left out when another is far less busy', () => {
    assert.deepEqual(place([instance('a', { rpm: 900 }), instance('b', { rpm: 200 })]), on('b'));
  });

  test('of full ones that with the oldest models is taken', () => {
    assert.deepEqual(place([full('a'), full('b', { oldestUse: NOW - 2 * HOUR })]), on('b'));
  });

  test('full ones whose oldest models are within 45 seconds of each other are equal, and the less busy one is taken', () => {
    const older = full('a', { oldestUse: NOW - 6 * MINUTE, rpm: 900 });
    const within = full('b', { oldestUse: NOW - 6 * MINUTE + 45_000 });
    const beyond = full('b', { oldestUse: NOW - 6 * MINUTE + 45_001 });
    expect(place([older, within])).toEqual(on('b'));
    expect(place([older, beyond])).toEqual(on('a'));
  });

  test('none is taken whose oldest model was used after this one, or only just', () => {
    const noSpace = { kind: 'none', reason: 'no-space' };
    assert.deepEqual(place([full('a')], { lastUsed: NOW - 2 * HOUR }), noSpace);
    assert.deepEqual(place([full('a', { oldestUse: NOW - 4 * MINUTE })]), noSpace);
    assert.deepEqual(place([full('a', { oldestUse: NOW - 6 * MINUTE })]), on('a'));
  });

  test('another zone than that of the first copy is taken, and else another node', () => {
    const holder = instance('a', { zone: 'z1', node: 'n1' });
    const sameNode = instance('b', { zone: 'z1', node: 'n1' });
    const sameZone = instance('c', { zone: 'z1', node: 'n2', models: 20 });
    const elsewhere = instance('d', { zone: 'z2', node: 'n3', models: 40 });
    const copies = loadedOn('a');
    assert.deepEqual(place([holder, sameNode, sameZone, elsewhere], { copies }), on('d'));
    assert.deepEqual(place([holder, sameNode, sameZone], { copies }), on('c'));
    assert.deepEqual(place([holder, sameNode], { copies }), on('b'));
  });

  test('a zone whose only space would have to be freed is not preferred', () => {
    const elsewhere = full('b', { zone: 'z2' });
    assert.deepEqual(place([instance('a'), elsewhere, instance('c')], { copies: loadedOn('a') }), on('c'));
  });

  test('equal ones each get their share', () => {
    const view = cluster(Array.from({ length: 10 }, (_, index) => instance(`8d6f9c-mm0${index}`)));
    const counts = new Map<string, number>();
    for (let index = 0; index < 10_000; index += 1) {
      const placement = placeModel(view, model(`model-${index}`), NOW);
      const id = placement.kind === 'placed' ? placement.instance : '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    assert.equal(counts.size, 10);
    for (const [id, count] of counts) assert.ok(count > 850 && count < 1_150, `${id}: ${count}`);
  });
});

const anyInstance = fc.record({
  labels: fc.subarray(['x', 'y']),
  zone: fc.constantFrom('z1', 'z2'),
  draining: fc.boolean(),
  capacity: fc.integer({ min: 1, max: 4_000 }),
  usedShare: fc.float({ min: 0, max: 1, noNaN: true }),
  oldestUse: fc.option(fc.integer({ min: NOW - 2 * HOUR, max: NOW }), { nil: undefined }),
  models: fc.nat(20),
  loading: fc.nat(20),
  rpm: fc.nat(3_000),
});
const anyView = fc.array(anyInstance, { maxLength: 8 }).map((parts) =>
  cluster(
    parts.map(({ usedShare, ...part }, index) =>
      instance(`i${index}`, { ...part, used: Math.floor(usedShare * part.capacity) }),
    ),
    { types: { requiredLabels: (type) => (type === 'x' ? ['x'] : []) }, defaultUnits: 10 },
  ),
);
const anyModel = fc
  .record({
    type: fc.constantFrom('x', 'any'),
    units: fc.integer({ min: 1, max: 2_000 }),
    lastUsed: fc.integer({ min: NOW - 3 * HOUR, max: NOW }),
    held: fc.subarray(['i0', 'i1', 'i2']),
    failed: fc.subarray(['i1', 'i2', 'i3']),
  })
  .map(({ held, failed, ...parts }) =>
    model('m', { ...parts, copies: loadedOn(...held), failures: failed.map((id) => ({ instance: id, at: NOW - 1 })) }),
  );

describe('Whatever the cluster looks like', () => {
  test('a place meets every condition, does not depend on the order of the instances, and is found when there is one', () => {
    const property = (view: ClusterView, wanted: CopiedModel): void => {
      const placement = placeModel(view, wanted, NOW);
      assert.deepEqual(placeModel({ ...view, instances: view.instances.toReversed() }, wanted, NOW), placement);
      const taken = new Set([...wanted.copies, ...wanted.failures].map(({ instance }) => instance));
      const open = view.instances.filter(
        ({ id, labels, draining, capacity, used }) =>
          (wanted.type !== 'x' || labels.includes('x')) &&
          !draining &&
          !taken.has(id) &&
          capacity - used >= wanted.units,
      );
      if (placement.kind === 'none') {
        assert.ok(open.length === 0 || wanted.failures.length >= 3);
        return;
      }
      const chosen = view.instances.find(({ id }) => id === placement.instance);
      assert.ok(chosen !== undefined && !chosen.draining && !taken.has(chosen.id));
      assert.ok(wanted.type !== 'x' || chosen.labels.includes('x'));
      if (open.length > 0) assert.ok(open.includes(chosen), 'nothing is evicted while there is space elsewhere');
      else assert.ok((chosen.oldestUse ?? NOW) <= wanted.lastUsed);
    };
    fc.assert(fc.property(anyView, anyModel, property));
  });
});
