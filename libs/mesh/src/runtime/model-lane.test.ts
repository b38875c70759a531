import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { createModelLane, type LaneOptions } from './model-lane.ts';
import type { LoadedModel } from './model-runtime.ts';

const MODEL = { id: 'm', type: 'mt:x', path: 'p', key: '' };
const LOADED: LoadedModel = { sizeBytes: 7, maxConcurrency: 0 };
const refused = (code: string) => new CallError('Transient', `${code}: no`, { code });

type Call = { readonly what: string; readonly end: (error?: CallError) => void; readonly at: number };

/** A lane over a server whose calls end when the test says so. `log` has the calls and how they ended. */
function fixture(timing: Partial<LaneOptions['timing']> = {}) {
  const closed = new AbortController();
  onTestEnd(() => closed.abort());
  const log: string[] = [];
  const calls: Call[] = [];
  let open = 0;
  let idle = 0;
  const call = async (what: string, signal: AbortSignal) => {
    assert.equal(open, 0, `${what} overlaps`);
    open += 1;
    log.push(what);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => reject(refused('CANCELLED')));
    calls.push({ what, at: performance.now(), end: (error) => (error === undefined ? resolve() : reject(error)) });
    await promise.finally(() => (open -= 1));
  };
  const lane = createModelLane({
    id: 'm',
    calls: {
      load: async (_model, signal) => {
        await call('load', signal);
        return LOADED;
      },
      unload: (_id, signal) => call('unload', signal),
    },
    timing: { afterErrorMs: 60, afterCutMs: 150, unloadRetryMs: 30, unloadAttempts: 90, ...timing },
    closed: closed.signal,
    unloadFailed: (attempt) => log.push(`failed ${attempt}`),
    idle: () => (idle += 1),
  });
  const nth = (count: number) =>
    waitFor(() => calls[count - 1], { timeoutMs: 2_000, what: `call ${count}, seen ${log.join()}`, intervalMs: 2 });
  const load = (signal = new AbortController().signal) => {
    const done = lane.load(MODEL, signal);
    done.catch(() => undefined);
    return done;
  };
  return { lane, load, log, nth, closed, idle: () => idle };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: CallError) => error.code,
  );

test('a failed load is reported immediately, and what it left is unloaded a little later', async () => {
  const { load, log, nth, idle } = fixture();
  const loading = load();
  const call = await nth(1);
  const failedAt = performance.now();
  call.end(refused('INTERNAL'));
  assert.equal(await codeOf(loading), 'INTERNAL');
  assert.deepEqual(log, ['load']);
  const unload = await nth(2);
  assert.ok(unload.at - failedAt >= 50, 'not immediately');
  assert.equal(idle(), 0);
  unload.end();
  await waitFor(() => idle() === 1, { timeoutMs: 1_000, what: 'the lane to be idle', intervalMs: 2 });
  assert.deepEqual(log, ['load', 'unload']);
});

test('a load that took too long, or was cut off by its signal, leaves the server more time', async () => {
  for (const cut of ['time', 'signal'] as const) {
    const { load, nth } = fixture();
    const stop = new AbortController();
    const loading = load(stop.signal);
    const call = await nth(1);
    const cutAt = performance.now();
    if (cut === 'time') call.end(refused('DEADLINE_EXCEEDED'));
    else stop.abort();
    assert.equal(await codeOf(loading), cut === 'time' ? 'DEADLINE_EXCEEDED' : 'CANCELLED');
    assert.ok((await nth(2)).at - cutAt >= 140);
  }
});

test('an unload ends the load before it, and is one call', async () => {
  const { lane, load, log, nth } = fixture();
  const loading = load();
  await nth(1);
  const unloading = lane.unload();
  assert.equal(await codeOf(loading), 'CANCELLED');
  (await nth(2)).end();
  assert.equal(await unloading, 'unloaded');
  await lane.settled();
  assert.deepEqual(log, ['load', 'unload']);
});

test('a load after a failed one takes the place of the unload that waits, and makes it first', async () => {
  const { lane, load, log, nth } = fixture({ afterErrorMs: 60_000 });
  const first = load();
  (await nth(1)).end(refused('INTERNAL'));
  await codeOf(first);
  const second = load();
  (await nth(2)).end();
  (await nth(3)).end();
  assert.deepEqual(await second, LOADED);
  await lane.settled();
  assert.deepEqual(log, ['load', 'unload', 'load']);
});

test('a load after one that was cut off waits until the server is done with that', async () => {
  const { load, nth } = fixture();
  const stop = new AbortController();
  const first = load(stop.signal);
  await nth(1);
  stop.abort();
  await codeOf(first);
  const cutAt = performance.now();
  const second = load();
  const unload = await nth(2);
  assert.deepEqual([unload.what, unload.at - cutAt >= 140], ['unload', true]);
  unload.end();
  (await nth(3)).end();
  assert.deepEqual(await second, LOADED);
});

test('an unload that fails is tried again until it succeeds', async () => {
  const { lane, load, log, nth } = fixture();
  const loading = load();
  (await nth(1)).end();
  await loading;
  const unloading = lane.unload();
  (await nth(2)).end(refused('INTERNAL'));
  (await nth(3)).end(refused('INTERNAL'));
  (await nth(4)).end();
  assert.equal(await unloading, 'unloaded');
  assert.deepEqual(log, ['load', 'unload', 'failed 1', 'unload', 'failed 2', 'unload']);
});

test('after so many attempts an unload gives up, and the next load tries it once more', async () => {
  const { lane, load, log, nth, idle } = fixture({ unloadAttempts: 2 });
  const unloading = lane.unload();
  (await nth(1)).end(refused('INTERNAL'));
  (await nth(2)).end(refused('INTERNAL'));
  assert.equal(await unloading, 'gave-up');
  assert.equal(idle(), 0);
  const loading = load();
  (await nth(3)).end(refused('INTERNAL'));
  (await nth(4)).end();
  assert.deepEqual(await loading, LOADED);
  assert.deepEqual(log, ['unload', 'failed 1', 'unload', 'failed 2', 'unload', 'failed 1', 'load']);
});

test('a load does not wait for the retries of an unload', async () => {
  const { lane, load, nth } = fixture({ unloadRetryMs: 60_000 });
  const unloading = lane.unload();
  (await nth(1)).end(refused('INTERNAL'));
  const loading = load();
  (await nth(2)).end(refused('INTERNAL'));
  assert.equal(await unloading, 'unloaded');
  const call = await nth(3);
  assert.equal(call.what, 'load');
  call.end();
  assert.deepEqual(await loading, LOADED);
});

test('of load, unload, load, unload only what was wanted last stands', async () => {
  const { lane, load, log, nth } = fixture();
  const loads = [load()];
  await nth(1);
  const unloads = [lane.unload()];
  loads.push(load());
  unloads.push(lane.unload());
  const unload = await nth(2);
  assert.equal(unload.what, 'unload');
  unload.end();
  assert.deepEqual(await Promise.all(loads.map(codeOf)), ['CANCELLED', 'CANCELLED']);
  assert.deepEqual(await Promise.all(unloads), ['unloaded', 'unloaded']);
  await lane.settled();
  assert.deepEqual(log, ['load', 'unload']);
});

test('a load that ended before the unload could stop it is unloaded immediately', async () => {
  const { lane, load, log, nth } = fixture();
  const loading = load();
  (await nth(1)).end();
  const unloading = lane.unload();
  assert.deepEqual(await loading, LOADED);
  (await nth(2)).end();
  assert.equal(await unloading, 'unloaded');
  assert.deepEqual(log, ['load', 'unload']);
});

test('the clean-up leaves a model alone that was loaded in the meantime', async () => {
  const { lane, load, log, nth } = fixture();
  const first = load();
  const second = load();
  (await nth(1)).end(refused('INTERNAL'));
  await codeOf(first);
  (await nth(2)).end();
  (await nth(3)).end();
  assert.deepEqual(await second, LOADED);
  await lane.settled();
  assert.deepEqual(log, ['load', 'unload', 'load']);
});

test('closing ends everything', async () => {
  const { lane, load, nth, closed } = fixture();
  const loading = load();
  await nth(1);
  closed.abort();
  assert.equal(await codeOf(loading), 'CANCELLED');
  assert.equal(await lane.unload(), 'gave-up');
  await lane.settled();
});
