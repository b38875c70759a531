import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf, type Client } from './inference.ts';
import { plainModel, SKLEARN, startMeshFixture, untilModel, type Instance, type MeshFixture } from './mesh-fixture.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** As many of 50 MiB as 1 GiB holds beside what is kept for unloads. */
const FULL = 18;
const HOUR_MS = 3_600_000;

describe('a cache of 1 GiB for models of 50 MiB', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  let client: Client;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    const limits = { CAPACITY_BYTES: String(GIB), DEFAULT_SIZE_BYTES: String(50 * MIB), LOAD_TIMEOUT_MS: '5000' };
    instance = await mesh.startInstance('mm001', {}, limits);
    client = clientOf(instance);
  });
  afterAll(async () => {
    client.close();
    await mesh.stop();
  });

  const register = (modelId: string, more: Readonly<Record<string, unknown>> = {}) =>
    instance.api.registerModel({ modelId, modelInfo: sized(50), loadNow: false, sync: false, ...more });
  const sized = (mib: number, unloadMs = 0, type = 'mt:sklearn') => ({
    ...SKLEARN,
    type,
    path: `SIZE_${mib * MIB}_0_${unloadMs}`,
  });
  const inRuntime = async () =>
    ((await instance.runtime.control('GET /models')) as readonly { readonly id: string }[]).map(({ id }) => id);
  /** `<name>0` was used the longest ago. What an earlier test left has gone. */
  const fill = async (name: string, unloadMs = 0) => {
    for (const id of await inRuntime()) await instance.api.unregisterModel({ modelId: id });
    await waitFor(async () => (await inRuntime()).length === 0, { timeoutMs: 10_000, what: 'an empty runtime' });
    const began = Date.now() - HOUR_MS;
    for (let index = 0; index < FULL; index += 1) {
      const lastUsedTime = BigInt(began + index * 1_000);
      const modelInfo = sized(50, unloadMs);
      const request = { modelInfo, loadNow: true, sync: true, lastUsedTime };
      // Placement rests on the instance record, which may know the space that has come free only two seconds later.
      await waitFor(async () => plainModel(await register(`${name}${index}`, request)).status === 'LOADED', {
        timeoutMs: 8_000,
        what: `${name}${index} to be loaded`,
      });
    }
  };
  const untilInRuntime = (wanted: readonly string[]) =>
    waitFor(async () => (await inRuntime()).toSorted().join() === wanted.toSorted().join(), {
      timeoutMs: 10_000,
      what: `the runtime to hold ${wanted.join()}`,
    });
  const names = (name: string, from: number) =>
    Array.from({ length: FULL - from }, (_, index) => `${name}${from + index}`);
  const asked = async (id: string) => {
    const answer = await client.predict(model(id));
    assert.ok(typeof answer === 'object', textOf(answer));
    return answer.ms;
  };

  test('eighteen fit, and a nineteenth takes the place of the one that was used the longest ago', async () => {
    await fill('a');
    await untilInRuntime(names('a', 0));
    await register('a-new');
    await asked('a-new');
    await untilInRuntime([...names('a', 1), 'a-new']);
    await untilModel(instance, 'a0', 'NOT_LOADED');
  });

  test('what is used again stays', async () => {
    await fill('b');
    await asked('b0');
    await register('b-new');
    await asked('b-new');
    await untilInRuntime(['b0', ...names('b', 2), 'b-new']);
  });

  test('a model that turns out to be three times as large takes the places of three', async () => {
    await fill('c');
    await register('c-large', { modelInfo: sized(150, 0, 'mt:large') });
    await asked('c-large');
    await untilInRuntime([...names('c', 3), 'c-large']);
    for (const id of ['c0', 'c1', 'c2']) await untilModel(instance, id, 'NOT_LOADED');
  });

  test('a load that would displace what was used more recently is refused', async () => {
    await fill('d');
    const old = await register('d-old', { loadNow: true, sync: true, lastUsedTime: BigInt(Date.now() - 2 * HOUR_MS) });
    assert.equal(plainModel(old).status, 'LOADING_FAILED');
    await untilInRuntime(names('d', 0));
  });

  test('a model that turns out larger than the whole cache fails with its size, and takes nothing along', async () => {
    await fill('e');
    await register('e-huge', { modelInfo: sized(2_000, 0, 'mt:huge'), loadNow: true });
    await instance.runtime.untilCalls('e-huge', ['load', 'unload']);
    const { errors } = await untilModel(instance, 'e-huge', 'LOADING_FAILED');
    assert.match(errors?.[0] ?? '', /^Size of model e-huge, \d+ bytes, is larger than total effective capacity of \d+/);
    // Before it was there, it was taken for one of 50 MiB.
    await untilInRuntime(names('e', 1));
  });

  test('a model that is predicted to be larger than the whole cache fails with both sizes', async () => {
    const runtimeEnv = { CAPACITY_BYTES: String(GIB), PREDICT_SIZE: String(2 * GIB) };
    const predicted = await mesh.startInstance('mm00p', { MM_SERVICE_NAME: 'predicted' }, runtimeEnv);
    const reply = plainModel(
      await predicted.api.registerModel({ modelId: 'm', modelInfo: SKLEARN, loadNow: true, sync: true }),
    );
    const sizes = `Predicted size of model m, ${2 * GIB} bytes, is larger than total effective capacity of 1063010304 bytes`;
    assert.deepEqual([reply.status, reply.errors], ['LOADING_FAILED', [sizes]]);
    assert.deepEqual(await predicted.runtime.calls(), []);
  });

  test('a slow unload is hidden by the buffer, and once that is in use, holds up the next load', async () => {
    await fill('f', 2_000);
    for (const id of ['f-1', 'f-2', 'f-3']) await register(id);
    const [first, second] = await Promise.all([asked('f-1'), asked('f-2')]);
    assert.ok(first < 1_000 && second < 1_000, `the buffer hid ${first} and ${second} ms`);
    const third = await asked('f-3');
    assert.ok(third > 1_000 && third < 4_000, `the third waited ${third} ms`);
  });
});

describe('loads that wait for one another', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  let client: Client;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001', {}, { LOAD_CONCURRENCY: '1' });
    client = clientOf(instance);
  });
  afterAll(async () => {
    client.close();
    await mesh.stop();
  });

  test('a request overtakes background loads, also when its model is among them', async () => {
    const modelInfo = { ...SKLEARN, path: 'SIZE_8192_250_0' };
    const early = Array.from({ length: 10 }, (_, index) => `early${index}`);
    for (const modelId of early) await instance.api.registerModel({ modelId, modelInfo, loadNow: true, sync: false });
    await instance.api.registerModel({ modelId: 'late', modelInfo, loadNow: false, sync: false });
    const begun = (await instance.runtime.calls()).length;
    await Promise.all(['late', 'early9'].map((id) => client.predict(model(id))));
    await untilModel(instance, 'early8', 'LOADED');
    const order = (await instance.runtime.calls()).map((call) => call.replace('load ', ''));
    assert.equal(order.length, 11);
    // One may begin before the requests are there, and every fourth slot is for the others.
    for (const id of ['late', 'early9']) assert.ok(order.indexOf(id) < begun + 4, `${begun} of ${order.join()}`);
    const others = order.filter((id) => id !== 'late' && id !== 'early9');
    assert.deepEqual(others, early.slice(0, 9));
  });
});
