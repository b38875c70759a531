import assert from 'node:assert/strict';
import { exponentialDelay } from './exponential-delay.ts';

test('the delay doubles with each failure up to the longest', () => {
  const delays = [1, 2, 3, 4, 100].map((failures) => exponentialDelay(failures, { firstMs: 100, longestMs: 500 }));
  assert.deepEqual(delays, [100, 200, 400, 500, 500]);
});

test('jitter stays between its shares', () => {
  const at = (random: number) =>
    exponentialDelay(2, { firstMs: 100, longestMs: 500, jitter: [0.5, 1], random: () => random });
  assert.deepEqual([at(0), at(0.5), at(1)], [100, 150, 200]);
});
