import assert from 'node:assert/strict';
import { withDeadline } from './with-deadline.ts';

const deadline = (signal = new AbortController().signal) => ({ ms: 20, signal, host: 'H' });

test('what a call gives in time is passed on, and what it throws too', async () => {
  assert.equal(await withDeadline(deadline(), () => Promise.resolve(5)), 5);
  await assert.rejects(
    withDeadline(deadline(), () => Promise.reject(new Error('own'))),
    { message: 'own' },
  );
});

test('a call that takes no notice of its signal is left behind, and what it gives late is disposed of', async () => {
  const late = Promise.withResolvers<string>();
  const disposed = Promise.withResolvers<string>();
  let seen: AbortSignal | undefined;
  const called = withDeadline(
    deadline(),
    (signal) => {
      seen = signal;
      return late.promise;
    },
    disposed.resolve,
  );
  await assert.rejects(called, { reason: 'Timeout', message: 'H sent nothing for 0.02 s' });
  assert.equal(seen?.aborted, true);
  late.resolve('body');
  assert.equal(await disposed.promise, 'body');
});

test('the late failure of a call is ignored', async () => {
  const late = Promise.withResolvers<string>();
  const controller = new AbortController();
  const called = withDeadline(deadline(controller.signal), () => late.promise);
  controller.abort();
  await assert.rejects(called, { reason: 'Cancelled' });
  late.reject(new Error('too late'));
});

test('nothing is called once the signal is aborted', async () => {
  const never = withDeadline(deadline(AbortSignal.abort()), () => assert.fail('called'));
  await assert.rejects(never, { reason: 'Cancelled' });
});
