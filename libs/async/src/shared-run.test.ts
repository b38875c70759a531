import assert from 'node:assert/strict';
import { sharedRun } from './shared-run.ts';

test('callers during a run share its outcome, failures included; a later caller starts another run', async () => {
  const runs: PromiseWithResolvers<string>[] = [];
  const shared = sharedRun(() => {
    const run = Promise.withResolvers<string>();
    runs.push(run);
    return run.promise;
  });
  const [first, second] = [shared(), shared()];
  runs[0]?.resolve('one');
  assert.deepEqual([await first, await second, runs.length], ['one', 'one', 1]);
  const both = Promise.allSettled([shared(), shared()]);
  runs[1]?.reject(new Error('two'));
  assert.deepEqual(
    (await both).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(runs.length, 2);
});
