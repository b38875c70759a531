import { ModelCache } from './cache.ts';
import { churnAgeMs, effectiveCapacity, fullBelow, toUnits, unloadReserve } from './capacity.ts';
import { LoadQueue } from './load-queue.ts';
import { RuntimeMemory } from './runtime-memory.ts';
import { SizePrediction } from './size-prediction.ts';
import { limits, NOW } from './testing/builders.ts';

const thousand = { capacityUnits: 1_000, defaultUnits: 20, loadTimeoutMs: 90_000 };

test.each([
  ['one thread reserves half a model', { threads: 1, defaultUnits: 40 }, 20],
  ['two threads reserve one model', { threads: 2 }, 20],
  ['three threads reserve a quarter of their models', { threads: 3 }, 15],
  ['at least a hundredth is reserved', { threads: 1, defaultUnits: 1 }, 10],
  ['at most a tenth is reserved', { threads: 100 }, 100],
])('%s', (_rule, more, units) => {
  const runtime = { ...thousand, ...more };
  expect([unloadReserve(runtime), effectiveCapacity(runtime)]).toEqual([units, 1_000 - units]);
});

test.each([
  ['a round of loads does not fit', { threads: 2 }, 40],
  ['less than a twentieth is free', { threads: 4 }, 50],
  ['one more model does not fit', { threads: 1, defaultUnits: 80 }, 80],
])('a cache is full when %s', (_rule, more, units) => {
  expect(fullBelow({ ...thousand, ...more })).toBe(units);
});

test('a cache is full below its limit, and not at it', () => {
  const used = (units: number) => {
    const cache = new ModelCache(limits({ capacityUnits: 1_000, defaultUnits: 20, threads: 2 }));
    cache.admit({ id: 'a', units, lastUsed: NOW }, NOW);
    return [cache.free, cache.isFull, cache.size];
  };
  expect([used(940), used(941)]).toEqual([
    [40, false, 1],
    [39, true, 1],
  ]);
});

test('a cache churns for ten loads of at least three seconds', () => {
  expect([0, 9_000, 9_003, 90_000].map(churnAgeMs)).toEqual([30_000, 30_000, 30_010, 300_000]);
  expect([0, 1, 8_192, 8_193].map(toUnits)).toEqual([1, 1, 1, 2]);
});

describe('The memory of a runtime', () => {
  test('counts a margin for larger models only while an unload is under way', () => {
    const memory = new RuntimeMemory(100);
    const can = (units: number, mostUnits?: number) =>
      memory.canBegin({ id: 'x', units, lastUsed: NOW, ...(mostUnits !== undefined && { mostUnits }) });
    const entry = (units: number, mostUnits: number) => ({ id: 'x', units, mostUnits, lastUsed: NOW });
    expect([can(100), can(101), can(100, 200)]).toEqual([true, false, true]);
    memory.begin(entry(60, 80));
    expect([memory.held, can(40), can(41)]).toEqual([60, true, false]);
    expect(memory.unload(entry(60, 80))).toBe(1);
    expect([can(30, 40), can(30, 41), can(40, 5)]).toEqual([true, false, true]);
    memory.begin(entry(10, 15));
    expect([memory.held, can(25), can(26)]).toEqual([70, true, false]);
    memory.settle(entry(10, 15), 12);
    expect([memory.held, can(28), can(29)]).toEqual([72, true, false]);
    expect(memory.unload(entry(12, 12))).toBe(2);
    memory.unloaded(1);
    memory.unloaded(1);
    expect([memory.held, can(88), can(80, 89)]).toEqual([12, true, false]);
    memory.unloaded(2);
    expect([memory.held, can(100, 200)]).toEqual([0, true]);
  });
});

describe('A cache with loads of guessed size', () => {
  const cacheWith = (...guesses: readonly boolean[]): ModelCache => {
    const cache = new ModelCache(limits({ capacityUnits: 100, defaultUnits: 20, threads: 4 }));
    guesses.forEach((isGuess, index) => cache.admit({ id: `m${index}`, units: 30, isGuess, lastUsed: NOW }, NOW));
    return cache;
  };
  const answer = (cache: ModelCache) => cache.admit({ id: 'new', units: 80, lastUsed: NOW }, NOW).kind;

  test('puts a load off until the last of them has ended', () => {
    const cache = cacheWith(true, true, false);
    const answers = [0, 1, 2].map((index) => {
      const before = answer(cache);
      cache.loaded(`m${index}`, 30);
      return before;
    });
    expect([...answers, answer(cache)]).toEqual(['later', 'later', 'refused', 'refused']);
  });

  test('counts one that was removed no more', () => {
    const answerWithout = (id: string) => {
      const cache = cacheWith(true, false, false);
      cache.remove(id);
      return answer(cache);
    };
    expect([answerWithout('m1'), answerWithout('m0')]).toEqual(['later', 'refused']);
  });

  test('refuses a model that is present, and knows none that is not', () => {
    const cache = cacheWith(false);
    expect(cache.admit({ id: 'm0', units: 1, lastUsed: NOW }, NOW)).toEqual({ kind: 'refused', reason: 'present' });
    expect([cache.loaded('x', 1), cache.remove('x'), cache.oldestUse]).toEqual([[], undefined, undefined]);
    cache.loaded('m0', 10);
    expect([cache.used, cache.free, cache.get('m0')]).toEqual([
      10,
      80,
      { id: 'm0', units: 10, lastUsed: NOW, state: 'loaded' },
    ]);
  });
});

describe('The predicted size', () => {
  const taught = (count: number, units: number): SizePrediction => {
    const prediction = new SizePrediction(50);
    for (let index = 0; index < count; index += 1) prediction.learn('t', units);
    return prediction;
  };

  test('is a guess until three models are known', () => {
    expect([taught(2, 7).predict('t'), taught(3, 7).predict('t')]).toEqual([
      { units: 50, mostUnits: 50, isGuess: true },
      { units: 7, mostUnits: 7, isGuess: false },
    ]);
    expect([taught(0, 7).predict('t', { runtime: 9 }), taught(0, 7).predict('t', { runtime: 0 })]).toEqual([
      { units: 9, mostUnits: 9, isGuess: true },
      { units: 1, mostUnits: 1, isGuess: true },
    ]);
  });

  test('is never nothing, and that of another copy is exact', () => {
    expect(taught(3, 0).predict('t')).toEqual({ units: 1, mostUnits: 0, isGuess: false });
    expect(taught(3, 7).predict('t', { otherCopy: 4 })).toEqual({ units: 4, mostUnits: 4, isGuess: false });
  });

  test('follows the newest of more than a hundred models', () => {
    const prediction = taught(200, 100);
    prediction.learn('t', 20_300);
    expect(prediction.predict('t')).toEqual({ units: 302, mostUnits: 20_300, isGuess: false });
  });
});

describe('A queue of loads', () => {
  test('knows what waits and what runs', () => {
    const queue = new LoadQueue(2);
    queue.add('r', 'request', 1);
    queue.add('b', 'background', 2);
    queue.add('b', 'background', 3);
    const state = () => [queue.waiting, queue.inProgress, queue.has('r'), queue.has('b'), queue.next()?.id];
    expect(state()).toEqual([2, 2, true, true, 'r']);
    queue.start('unknown');
    queue.start('r');
    queue.add('r', 'background', 4);
    expect(state()).toEqual([1, 2, true, true, 'b']);
    queue.end('b');
    expect(state()).toEqual([0, 1, true, false, undefined]);
    queue.end('r');
    queue.add('r', 'request', 5);
    queue.end('r');
    expect(state()).toEqual([0, 0, false, false, undefined]);
  });

  test('gives every fourth slot to a background load', () => {
    const queue = new LoadQueue(1);
    for (let index = 0; index < 8; index += 1) queue.add(`r${index}`, 'request', index);
    for (let index = 0; index < 2; index += 1) queue.add(`b${index}`, 'background', index);
    const order = Array.from({ length: 9 }, () => {
      const id = queue.next()?.id ?? '';
      queue.start(id);
      expect(queue.next()).toBeUndefined();
      queue.end(id);
      return id;
    });
    expect(order).toEqual(['r0', 'r1', 'r2', 'b0', 'r3', 'r4', 'r5', 'b1', 'r6']);
  });
});
