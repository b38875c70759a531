import assert from 'node:assert/strict';
import { onTestEnd, runTest } from './index.ts';

test('what a test registered runs when it has ended, the last first', async () => {
  const done: string[] = [];
  await runTest(async () => {
    onTestEnd(() => done.push('first'));
    onTestEnd(async () => done.push('second'));
    await Promise.resolve();
    done.push('body');
  });
  assert.deepEqual(done, ['body', 'second', 'first']);
});

test('everything runs although the body and an end fail, and the error of the body is reported', async () => {
  const done: string[] = [];
  const failing = runTest(() => {
    onTestEnd(() => done.push('first'));
    onTestEnd(() => Promise.reject(new Error('end')));
    throw new Error('body');
  });
  await assert.rejects(failing, { message: 'body' });
  assert.deepEqual(done, ['first']);
});

test('the error of an end fails the test', async () => {
  const failing = runTest(() => onTestEnd(() => Promise.reject(new Error('end'))));
  await assert.rejects(failing, { message: 'end' });
});

test('outside of a test it is refused', async () => {
  await runTest(() => undefined);
  assert.throws(() => onTestEnd(() => undefined), { message: 'onTestEnd can be called only while a test runs' });
});
