import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ModelCache } from './cache.ts';
import { churnAgeMs, toUnits, unloadReserve } from './capacity.ts';
import { limits, MIB, NOW } from './testing/builders.ts';

/** Long before now, so that no cache counts as churning. */
const AGO = NOW - 10 * churnAgeMs(90_000);

/** 100 units, 10 of them for unloads. */
const small = limits({ capacityUnits: 100, defaultUnits: 20, threads: 4, loadTimeoutMs: 9_000 });

function holding(models: Readonly<Record<string, number>>, units = 30): ModelCache {
  const cache = new ModelCache(small);
  for (const [id, lastUsed] of Object.entries(models)) {
    assert.equal(cache.admit({ id, units, lastUsed }, NOW).kind, 'begin');
    cache.loaded(id, units);
  }
  return cache;
}

const idsOf = (evicted: readonly { readonly id: string }[]): readonly string[] => evicted.map(({ id }) => id);

describe('The capacity of a cache', () => {
  test('counts in units of 8 KiB, and nothing as less than one', () => {
    assert.deepEqual([0, 1, 8_192, 8_193].map(toUnits), [1, 1, 1, 2]);
  });

  test('leaves a part free for unloads, between a hundredth and a tenth', () => {
    assert.equal(unloadReserve(limits({ threads: 1, defaultUnits: 50 * MIB })), 25 * MIB);
    assert.equal(unloadReserve(limits({ threads: 6, defaultUnits: 50 * MIB })), 75 * MIB);
    assert.equal(unloadReserve(limits({ threads: 100 })), Math.floor(102.4 * MIB));
    assert.equal(unloadReserve(limits({ threads: 1, defaultUnits: 1 })), Math.floor(10.24 * MIB));
  });

  test('lets 1 GiB hold 18 models of 50 MiB', () => {
    const cache = new ModelCache(limits());
    for (let index = 0; index < 18; index += 1) {
      cache.admit({ id: `m${index}`, units: 50 * MIB, lastUsed: AGO + index }, NOW);
      assert.deepEqual(cache.loaded(`m${index}`, 50 * MIB), []);
    }
    const next = cache.admit({ id: 'm18', units: 50 * MIB, lastUsed: NOW }, NOW);
    assert.deepEqual(next.kind === 'begin' ? idsOf(next.evicted) : next, ['m0']);
  });
});

describe('A load that starts', () => {
  test('evicts the least recently used, and not more than it must', () => {
    const cache = holding({ a: AGO + 2, b: AGO, c: AGO + 1 });
    const admission = cache.admit({ id: 'd', units: 40, lastUsed: NOW }, NOW);
    assert.deepEqual(admission.kind === 'wait' ? idsOf(admission.evicted) : admission, ['b', 'c']);
  });

  test('evicts the lower id of two that were used at the same time', () => {
    const cache = holding({ b: AGO, a: AGO, c: AGO });
    const admission = cache.admit({ id: 'd', units: 10, lastUsed: NOW }, NOW);
    assert.deepEqual(admission.kind === 'begin' ? idsOf(admission.evicted) : admission, ['a']);
  });

  test('spares a model that was used since', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    cache.touch('a', NOW);
    cache.touch('a', AGO);
    const admission = cache.admit({ id: 'd', units: 10, lastUsed: NOW }, NOW);
    assert.deepEqual(admission.kind === 'begin' ? idsOf(admission.evicted) : admission, ['b']);
  });

  test('is refused, and evicts nothing, when what must go was used more recently', () => {
    const cache = holding({ a: AGO, b: AGO + 2, c: AGO + 3 });
    const admission = cache.admit({ id: 'd', units: 40, lastUsed: AGO + 1 }, NOW);
    assert.deepEqual(admission, { kind: 'refused', reason: 'newer-models' });
    assert.equal(cache.used, 90);
    assert.equal(cache.oldestUse, AGO);
  });

  test('is refused when even the oldest model has only just been used', () => {
    const cache = holding({ a: NOW - 29_000, b: NOW - 1, c: NOW - 1 });
    const arrival = { id: 'd', units: 10, lastUsed: NOW };
    assert.deepEqual(cache.admit(arrival, NOW), { kind: 'refused', reason: 'churn' });
    assert.equal(cache.admit(arrival, NOW + 1_000).kind, 'begin');
  });

  test('is refused when it could not fit into an empty cache', () => {
    const admission = new ModelCache(small).admit({ id: 'a', units: 91, lastUsed: NOW }, NOW);
    assert.deepEqual(admission, { kind: 'refused', reason: 'too-large' });
  });

  test('is put off while a load runs whose size is a guess', () => {
    const cache = new ModelCache(small);
    cache.admit({ id: 'a', units: 60, isGuess: true, lastUsed: NOW }, NOW);
    const arrival = { id: 'b', units: 60, lastUsed: NOW };
    assert.deepEqual(cache.admit(arrival, NOW), { kind: 'later' });
    cache.loaded('a', 1);
    assert.equal(cache.admit(arrival, NOW).kind, 'begin');
  });

  test('is refused immediately while a load of known size runs', () => {
    const cache = new ModelCache(small);
    cache.admit({ id: 'a', units: 60, lastUsed: NOW }, NOW);
    const admission = cache.admit({ id: 'b', units: 60, lastUsed: NOW }, NOW);
    assert.deepEqual(admission, { kind: 'refused', reason: 'newer-models' });
  });
});

describe('An unload', () => {
  test('takes space until the runtime has let go of the model', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    const admission = cache.admit({ id: 'd', units: 30, lastUsed: NOW }, NOW);
    assert.equal(admission.kind, 'wait');
    assert.equal(cache.used, 90);
    assert.equal(cache.held, 90);
    assert.deepEqual(cache.takeReady(), []);
    const [eviction] = admission.kind === 'wait' ? admission.evicted : [];
    cache.unloaded(eviction?.unload ?? 0);
    assert.deepEqual(cache.takeReady(), ['d']);
    assert.equal(cache.held, 90);
  });

  test('does not hold up a load that fits into the unload buffer', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    assert.equal(cache.admit({ id: 'd', units: 10, lastUsed: NOW }, NOW).kind, 'begin');
    assert.equal(cache.held, 100);
  });

  test('is waited for when the largest model of the type would not fit beside it', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    const admission = cache.admit({ id: 'd', units: 5, mostUnits: 11, lastUsed: NOW }, NOW);
    assert.equal(admission.kind, 'wait');
    const [eviction] = admission.kind === 'wait' ? admission.evicted : [];
    cache.unloaded(eviction?.unload ?? 0);
    assert.deepEqual(cache.takeReady(), ['d']);
  });

  test('is not waited for by a load whose like might be too large, when there is none', () => {
    const cache = holding({ a: AGO, b: AGO + 1 });
    const admission = cache.admit({ id: 'd', units: 30, mostUnits: 80, lastUsed: NOW }, NOW);
    assert.deepEqual(admission, { kind: 'begin', evicted: [] });
  });

  test('is not needed for a model whose load has not begun', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    cache.admit({ id: 'd', units: 30, lastUsed: NOW }, NOW);
    assert.deepEqual(cache.remove('d'), { id: 'd', units: 30, lastUsed: NOW });
    assert.equal(cache.admit({ id: 'e', units: 10, lastUsed: NOW }, NOW).kind, 'begin', 'it blocks no other load');
  });

  test('is waited for in turn, also by a small load that would fit beside it', () => {
    const cache = holding({ a: AGO, b: AGO + 1, c: AGO + 2 });
    const first = cache.admit({ id: 'd', units: 30, lastUsed: NOW }, NOW);
    assert.equal(cache.admit({ id: 'e', units: 5, lastUsed: NOW }, NOW).kind, 'wait');
    cache.unloaded((first.kind === 'wait' ? first.evicted : [])[0]?.unload ?? 0);
    assert.deepEqual(cache.takeReady(), ['d', 'e']);
    assert.deepEqual(cache.takeReady(), []);
  });

  test('leaves space only for what loads that still run may be larger', () => {
    const cache = holding({ a: AGO, b: AGO + 1 });
    cache.admit({ id: 'c', units: 10, mostUnits: 20, lastUsed: NOW }, NOW);
    cache.loaded('c', 10);
    cache.remove('a');
    assert.equal(cache.admit({ id: 'd', units: 25, lastUsed: NOW }, NOW).kind, 'begin');
  });
});

describe('A model that turns out larger', () => {
  test('evicts others', () => {
    const cache = holding({ a: AGO, b: AGO + 1 });
    cache.admit({ id: 'c', units: 10, lastUsed: NOW }, NOW);
    assert.deepEqual(idsOf(cache.loaded('c', 50)), ['a']);
  });

  test('goes itself, alone, when it can never fit', () => {
    const cache = holding({ a: AGO, b: AGO + 1 });
    cache.admit({ id: 'c', units: 10, lastUsed: NOW }, NOW);
    assert.deepEqual(idsOf(cache.loaded('c', 95)), ['c']);
    assert.equal(cache.used, 60);
  });
});

type Step = {
  readonly kind: number;
  readonly id: number;
  readonly units: number;
  readonly more: number;
  readonly isGuess: boolean;
  readonly used: number;
};

/** Applies a step, and says what was evicted. */
function apply(
  cache: ModelCache,
  { kind, id: number, units, more, isGuess, used }: Step,
): readonly { id: string; unload?: number }[] {
  const id = `m${number}`;
  const entry = cache.get(id);
  if (kind === 0) {
    const admission = cache.admit({ id, units, mostUnits: units + more, isGuess, lastUsed: AGO + used }, NOW);
    return admission.kind === 'begin' || admission.kind === 'wait' ? admission.evicted : [];
  }
  if (kind === 1) return cache.loaded(id, units);
  if (kind === 2) cache.touch(id, AGO + used);
  if (kind !== 3 || entry === undefined) return [];
  const removed = cache.remove(id);
  return removed === undefined ? [] : [removed];
}

const steps = fc.array(
  fc.record({
    kind: fc.integer({ min: 0, max: 4 }),
    id: fc.integer({ min: 0, max: 12 }),
    units: fc.integer({ min: 1, max: 95 }),
    more: fc.nat(20),
    isGuess: fc.boolean(),
    used: fc.integer({ min: 0, max: 20 }),
  }),
  { maxLength: 60 },
);

describe('Whatever happens to a cache', () => {
  test('never promises more than there is, nor begins a load beyond the capacity', () => {
    const property = (sequence: readonly Step[]): void => {
      const cache = new ModelCache(small);
      const unloads: number[] = [];
      for (const step of sequence) {
        const before = cache.held;
        const evicted = apply(cache, step);
        if (step.kind === 0 && cache.held > before) assert.ok(cache.held <= small.capacityUnits);
        unloads.push(...evicted.flatMap(({ unload }) => (unload === undefined ? [] : [unload])));
        if (step.kind === 4) cache.unloaded(unloads.shift() ?? 0);
        if (cache.takeReady().length > 0) assert.ok(cache.held <= small.capacityUnits);
        assert.ok(cache.used <= cache.effective);
        assert.ok(cache.held >= 0);
      }
      for (const unload of unloads) cache.unloaded(unload);
      cache.takeReady();
      assert.ok(cache.held <= cache.effective, 'all unloads ended, so no more is held than promised');
    };
    fc.assert(fc.property(steps, property));
  });

  test('evicts only what is older than all that stays', () => {
    const property = (sequence: readonly Step[]): void => {
      const cache = new ModelCache(small);
      for (const step of sequence) {
        const before = Array.from({ length: 13 }, (_, index) => cache.get(`m${index}`));
        const gone = new Set(idsOf(apply(cache, step)));
        if (step.kind === 3 || (step.kind === 1 && step.units > cache.effective)) continue;
        const loaded = before.filter((entry) => entry?.state === 'loaded').filter((entry) => entry !== undefined);
        const newest = Math.max(...loaded.filter(({ id }) => gone.has(id)).map(({ lastUsed }) => lastUsed));
        assert.ok(loaded.every(({ id, lastUsed }) => gone.has(id) || lastUsed >= newest));
      }
    };
    fc.assert(fc.property(steps, property));
  });
});

test('a model as old as the one that is loaded is evicted for it, a younger one is not', () => {
  const arrival = { id: 'new', units: 90, lastUsed: AGO };
  expect(holding({ same: AGO }, 90).admit(arrival, NOW)).toMatchObject({ kind: 'wait', evicted: [{ id: 'same' }] });
  expect(holding({ younger: AGO + 1 }, 90).admit(arrival, NOW)).toEqual({ kind: 'refused', reason: 'newer-models' });
});
