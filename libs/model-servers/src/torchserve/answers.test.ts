import assert from 'node:assert/strict';
import { isHealthy, modelPage, workerMemory } from './answers.ts';

const worker = (memoryUsage: number) => ({ id: '9000', status: 'READY', memoryUsage });

test('the memory of a model is that of its workers and a tenth, once all of them report it', () => {
  const described = (...usages: readonly number[]) => JSON.stringify([{ modelName: 'm', workers: usages.map(worker) }]);
  assert.deepEqual([described(1_000, 500), described(1_000, 0), described()].map(workerMemory), [
    1_651,
    undefined,
    undefined,
  ]);
});

test('a list of models continues where it has a token for the next page', () => {
  const models = [{ modelName: 'a', modelUrl: 'a.mar' }];
  assert.deepEqual(modelPage(JSON.stringify({ models, nextPageToken: '500' })), { names: ['a'], next: 500 });
  assert.deepEqual(modelPage(JSON.stringify({ models })), { names: ['a'], next: undefined });
});

test('health is a word, bare or in JSON', () => {
  const answers = ['Healthy', '{\n  "status": "Healthy"\n}\n', '{"status":"Partial Healthy"}', 'Unhealthy', ''];
  assert.deepEqual(answers.map(isHealthy), [true, true, false, false, false]);
});
