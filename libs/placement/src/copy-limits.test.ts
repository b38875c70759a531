import { copiesForRate, isSpare, mayHaveSecond, type CopyTimes } from './copy-counts.ts';
import { poolsOf, type Pool } from './pools.ts';
import { aheadOfUse, leastNeeded, releaseBudget } from './space-rules.ts';
import { cluster, HOUR, instance, NOW } from './testing/builders.ts';
import { isInSteadyUse, noteUse } from './use-history.ts';

describe('The number of copies for a rate', () => {
  test.each([
    ['stays below the rate of one copy', 1_999, 1, 9, 1],
    ['grows at the rate of one copy', 2_000, 1, 9, 2],
    ['stays below the rate of two copies', 3_999, 2, 9, 2],
    ['grows at the rate of two copies', 4_000, 2, 9, 3],
    ['is at most a third of the instances', 8_000, 1, 9, 3],
    ['may be two of few instances', 8_000, 1, 2, 2],
    ['is never lowered here', 9_000, 4, 6, 4],
    ['follows the rate in one step', 9_000, 1, 30, 5],
  ])('%s', (_rule, rpm, copies, instances, expected) => {
    expect(copiesForRate(rpm, copies, instances, 2_000)).toBe(expected);
  });
});

const steady = { began: NOW - 420_000, last: NOW };
const idle: CopyTimes = { lastUsed: NOW, rpm: 0 };
const pool = (more: Partial<Pool> = {}): Pool => ({
  instances: [instance('a'), instance('b')],
  capacity: 1_000,
  freeShare: 0.5,
  cacheAgeMs: 0,
  ...more,
});

describe('A second copy', () => {
  test.each<[string, Partial<CopyTimes>, Partial<Pool>, boolean]>([
    ['is made of a model in steady use', {}, {}, true],
    ['needs a second instance', {}, { instances: [instance('a')] }, false],
    ['needs a steady use', { use: { ...steady, began: NOW - 419_999 } }, {}, false],
    ['is not made in the half hour after one was given up', { lastUnload: NOW - 1_799_999 }, {}, false],
    ['is made half an hour after one was given up', { lastUnload: NOW - 1_800_000 }, {}, true],
    ['is not made in the last tenth of the space', {}, { freeShare: 0.1 }, false],
    ['is made in the space before the last tenth', {}, { freeShare: 0.11 }, true],
    ['does not displace what was used in two hours', {}, { freeShare: 0, cacheAgeMs: 2 * HOUR }, false],
    ['displaces what was not used for two hours', {}, { freeShare: 0, cacheAgeMs: 2 * HOUR + 1 }, true],
  ])('%s', (_rule, model, more, expected) => {
    expect(mayHaveSecond({ ...idle, use: steady, ...model }, pool(more), NOW)).toBe(expected);
  });
});

describe('A spare copy', () => {
  const old = NOW - 10 * HOUR;
  const three = [old, old, old];
  test.each<[string, Partial<CopyTimes>, readonly number[], number, boolean]>([
    ['is never the only one', { lastUsed: 0 }, [old], 0, false],
    ['is not of a model that was loaded in the last half hour', { lastUsed: 0 }, [old, NOW - 1_799_999], 0, false],
    ['may be of a model that was loaded half an hour ago', { lastUsed: 0 }, [NOW - 1_800_000, old], 0, true],
    ['is kept for the longest gap', { lastUsed: NOW - 2_400_000 }, [old, old], 0, false],
    ['goes after the longest gap', { lastUsed: NOW - 2_400_001 }, [old, old], 0, true],
    ['is kept for a tenth of the age of the cache', { lastUsed: NOW - 6_000_000 }, [old, old], 60_000_000, false],
    ['goes after a tenth of the age of the cache', { lastUsed: NOW - 6_000_001 }, [old, old], 60_000_000, true],
    ['is kept for ten hours of an endless age', { lastUsed: NOW - 36_000_000 }, [old, old], Infinity, false],
    ['goes after ten hours of an endless age', { lastUsed: NOW - 36_000_001 }, [old, old], Infinity, true],
    ['of three waits for the effect of the last removal', { lastUnload: NOW - 79_999 }, three, 0, false],
    ['of three goes when that effect is seen', { lastUnload: NOW - 80_000 }, three, 0, true],
    ['of three goes when two bear two thirds of their rate', { rpm: 2_666 }, three, 0, true],
    ['of three stays when two would bear more', { rpm: 2_668 }, three, 0, false],
  ])('%s', (_rule, model, loads, cacheAgeMs, expected) => {
    expect(isSpare({ ...idle, ...model }, loads, cacheAgeMs, 2_000, NOW)).toBe(expected);
  });

  test('of three goes at exactly two thirds of the rate', () => {
    expect(isSpare({ ...idle, rpm: 4 }, three, 0, 3, NOW)).toBe(true);
  });
});

test('a use starts a new period after the longest gap, and never goes back', () => {
  const before = { began: 0, last: 1_000 };
  expect(noteUse(undefined, 5)).toEqual({ began: 5, last: 5 });
  expect(noteUse(before, 2_401_000)).toEqual({ began: 0, last: 2_401_000 });
  expect(noteUse(before, 2_401_001)).toEqual({ began: 2_401_001, last: 2_401_001 });
  expect([noteUse(before, 1_000), noteUse(before, 999), noteUse(before, 1_001)]).toEqual([
    before,
    before,
    { began: 0, last: 1_001 },
  ]);
});

test('a steady use lasts seven minutes, the last one at most a minute ago', () => {
  const use = (began: number, last: number): boolean => isInSteadyUse({ began: NOW - began, last: NOW - last }, NOW);
  expect([use(420_000, 0), use(419_999, 0), use(480_000, 60_000), use(480_001, 60_001)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(isInSteadyUse(undefined, NOW)).toBe(false);
});

describe('A pool', () => {
  const types = { requiredLabels: (type: string) => type.split(',') };
  const labels = ['x', 'y'];
  const a = instance('a', { labels, capacity: 100, used: 40, oldestUse: NOW - 7 });
  const b = instance('b', { labels: ['x'], capacity: 300, used: 60 });
  const draining = instance('c', { labels, draining: true });

  test('has the space and the age of its instances that stay', () => {
    const of = poolsOf(cluster([a, b, draining], { types }), NOW);
    expect([of('x'), of('y,x'), of('z')]).toEqual([
      { instances: [a, b], capacity: 400, freeShare: 0.75, cacheAgeMs: 7 },
      { instances: [a], capacity: 100, freeShare: 0.6, cacheAgeMs: 7 },
      { instances: [], capacity: 0, freeShare: 0, cacheAgeMs: Infinity },
    ]);
    expect(of('x,y')).toBe(of('y,x'));
  });

  test('that holds nothing is endlessly old', () => {
    expect(poolsOf(cluster([b], { types }), NOW)('x').cacheAgeMs).toBe(Infinity);
  });
});

test('half of what is free above an eighth is filled ahead of use; a full pool exchanges a twentieth', () => {
  const filled = (freeShare: number) => aheadOfUse(pool({ freeShare, cacheAgeMs: 10 }));
  expect([filled(0.5), filled(0.125), filled(0.127), filled(0.126)]).toEqual([
    { units: 187, maxAgeMs: Infinity },
    { units: 50, maxAgeMs: 5 },
    { units: 1, maxAgeMs: Infinity },
    { units: 50, maxAgeMs: 5 },
  ]);
  expect(releaseBudget(pool())).toBe(50);
});

describe('The copy that is needed least', () => {
  const holder = (id: string, used: number, more: object = {}) => instance(id, { capacity: 1_000, used, ...more });
  test.each([
    ['is the one of the instance with least space', [holder('a', 500), holder('b', 600)], 'b'],
    ['is the one of the busier instance of equal space', [holder('a', 500), holder('b', 500, { rpm: 1 })], 'b'],
    ['is the one of the lower id of equal instances', [holder('b', 500), holder('a', 500)], 'a'],
    [
      'is the one where newer models are evicted',
      [holder('a', 999, { oldestUse: 1 }), holder('b', 951, { oldestUse: 2 })],
      'b',
    ],
    [
      'counts the age only of full instances',
      [holder('a', 951, { oldestUse: 1 }), holder('b', 950, { oldestUse: 2 })],
      'a',
    ],
    ['may be on a full instance without loaded models', [holder('a', 951), holder('b', 999)], 'b'],
    ['is none of no holders', [], ''],
  ])('%s', (_rule, holders, id) => {
    expect(leastNeeded(holders)).toBe(id);
  });
});
