import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { raceAbort } from './race-abort.ts';

describe('a race with a signal', () => {
  test('is won by the promise, and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    assert.equal(await raceAbort(Promise.resolve(1), signal), 1);
    await assert.rejects(raceAbort(Promise.reject(new Error('no')), signal), { message: 'no' });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test('is won by the signal: its reason is thrown, or what the caller makes of it', async () => {
    const controller = new AbortController();
    const endless = new Promise<never>(() => undefined);
    const plain = raceAbort(endless, controller.signal);
    const own = raceAbort(endless, controller.signal, (reason) => new Error(`gave up: ${String(reason)}`));
    controller.abort('closing');
    await assert.rejects(plain, (error) => error === 'closing');
    await assert.rejects(own, { message: 'gave up: closing' });
    await assert.rejects(raceAbort(endless, controller.signal), (error) => error === 'closing');
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });
});
