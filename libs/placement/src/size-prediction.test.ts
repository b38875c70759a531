import assert from 'node:assert/strict';
import { ModelCache } from './cache.ts';
import { LoadQueue } from './load-queue.ts';
import { SizePrediction } from './size-prediction.ts';
import { startLoads } from './start-loads.ts';
import { limits, MIB, NOW } from './testing/builders.ts';

function taught(...sizes: readonly number[]): SizePrediction {
  const prediction = new SizePrediction(50 * MIB);
  for (const units of sizes) prediction.learn('onnx', units);
  return prediction;
}

describe('The predicted size of a model', () => {
  test('is the default of the runtime until three of its type are known', () => {
    assert.equal(taught().predict('onnx').units, 50 * MIB);
    assert.equal(taught(1, 1).predict('onnx').units, 50 * MIB);
  });

  test('is the average of its type from three on, rounded up', () => {
    assert.equal(taught(1, 1, 2).predict('onnx').units, 2);
    assert.equal(taught(10, 20, 30).predict('onnx').units, 20);
  });

  test('says nothing of other types', () => {
    assert.equal(taught(1, 1, 1).predict('sklearn').units, 50 * MIB);
  });

  test('is the true size when another copy is loaded', () => {
    assert.equal(taught(1, 1, 1).predict('onnx', { otherCopy: 7, runtime: 3 }).units, 7);
  });

  test('is what the runtime predicts while there is no average', () => {
    assert.equal(taught(1, 1).predict('onnx', { runtime: 3 }).units, 3);
    assert.equal(taught(1, 1, 1).predict('onnx', { runtime: 3 }).units, 1);
  });

  test('comes with the largest that was seen of the type', () => {
    assert.deepEqual(taught(10, 20, 90).predict('onnx'), { units: 40, mostUnits: 90, isGuess: false });
  });

  test('is a guess until it rests on a size that was measured', () => {
    assert.equal(taught(1, 1).predict('onnx', { runtime: 3 }).isGuess, true);
    assert.equal(taught(1, 1, 1).predict('onnx').isGuess, false);
    assert.equal(taught().predict('onnx', { otherCopy: 3 }).isGuess, false);
  });

  test('follows models that grow', () => {
    const prediction = taught(...Array.from({ length: 1_000 }, () => 10));
    for (let index = 0; index < 500; index += 1) prediction.learn('onnx', 100);
    assert.ok(prediction.predict('onnx').units > 95);
  });
});

type Burst = { readonly cache: ModelCache; readonly evicted: number; readonly refused: number };

/** All models are queued together, and each running load ends in turn with its true size. */
function loadBurst(models: number, slots: number): Burst {
  const cache = new ModelCache(limits({ threads: slots }));
  const queue = new LoadQueue(slots);
  const sizes = new SizePrediction(50 * MIB);
  for (let index = 0; index < models; index += 1) queue.add(`m${index}`, 'request', NOW + index);
  const running: string[] = [];
  let [evicted, refused] = [0, 0];
  for (;;) {
    for (const start of startLoads(queue, cache, () => ({ ...sizes.predict('onnx'), lastUsed: NOW }), NOW)) {
      if (start.kind === 'refused') refused += 1;
      else evicted += start.evicted.length;
      if (start.kind === 'begin') running.push(start.id);
    }
    running.push(...cache.takeReady());
    const id = running.shift();
    if (id === undefined) return { cache, evicted, refused };
    evicted += cache.loaded(id, 1).length;
    sizes.learn('onnx', 1);
    queue.end(id);
  }
}

describe('A burst of 2,000 models of 8 KiB into 1 GiB, with a default size of 50 MiB', () => {
  for (const slots of [1, 2, 6, 30, 200]) {
    test(`keeps all of them loaded with ${slots} ${slots === 1 ? 'slot' : 'slots'}`, () => {
      const { cache, evicted, refused } = loadBurst(2_000, slots);
      assert.deepEqual({ evicted, refused }, { evicted: 0, refused: 0 });
      assert.equal(cache.size, 2_000);
      assert.equal(cache.used, 2_000);
    });
  }
});
