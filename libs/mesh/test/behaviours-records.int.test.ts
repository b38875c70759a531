import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf, vmodel, type Client } from './inference.ts';
import {
  plainModel,
  plainVModel,
  refusal,
  setVModel,
  SKLEARN,
  startMeshFixture,
  untilModel,
  type Instance,
  type MeshFixture,
} from './mesh-fixture.ts';

const HOUR_MS = 3_600_000;
/** An answer that is wanted immediately is useless later. */
const SOON = { timeoutMs: 10_000 };

describe('an instance and its registry', () => {
  let mesh: MeshFixture;
  let instance: Instance;
  let client: Client;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    instance = await mesh.startInstance('mm001');
    client = clientOf(instance);
  });
  afterAll(async () => {
    client.close();
    await mesh.stop();
  });
  const set = async (...args: Parameters<typeof setVModel>) =>
    plainVModel(await instance.api.setVModel(setVModel(...args)));
  const record = async (key: string) => (await mesh.store.get(mesh.prefix + key)).entry?.value;
  const lastUsed = async (id: string) => Number(/"lu":(\d+)/.exec((await record(`registry/${id}`)) ?? '')?.[1]);
  const SLOW = { ...SKLEARN, path: 'SIZE_8192_60000_0' };

  test('a former active model without autoDelete stays after the switch, with no reference to it', async () => {
    await set('k1', 'kt1', { autoDeleteTargetModel: false, loadNow: true, sync: true });
    await set('k1', 'kt2', { sync: true });
    const value = (await record('registry/kt1')) ?? '';
    assert.ok(value !== '' && !value.includes('"refs"'), value);
    assert.equal(await refusal(instance.api.unregisterModel({ modelId: 'kt1' })), 'OK');
  });

  test('a target takes over the last use of the active model, and going back leaves that as it was', async () => {
    await set('l1', 'lt1', { loadNow: true, sync: true });
    await instance.api.unregisterModel({ modelId: 'none' });
    const active = await lastUsed('lt1');
    assert.ok(Math.abs(Date.now() - active - HOUR_MS) < 60_000);
    await set('l1', 'lt2', { modelInfo: SLOW });
    assert.equal(await lastUsed('lt2'), active);
    await set('l1', 'lt1');
    assert.equal(await lastUsed('lt1'), active);
  });

  test('requests go to the active model up to the switch, and to the target from then on', async () => {
    await set('s1', 'st1', { loadNow: true, sync: true });
    await set('s1', 'st2', { modelInfo: { ...SKLEARN, path: 'SIZE_8192_300_0' } });
    const answers: string[] = [];
    while (answers.at(-1) !== 'st2') {
      const answer = await client.predict(vmodel('s1'), SOON);
      assert.ok(typeof answer === 'object', textOf(answer));
      assert.ok(answer.ms < 200, `it waited ${answer.ms} ms`);
      answers.push(answer.model);
    }
    assert.ok(answers.length > 10);
    assert.deepEqual(new Set(answers), new Set(['st1', 'st2']));
  });

  test('after a forced switch requests wait for the load of the new model', async () => {
    await set('f1', 'ft1', { loadNow: true, sync: true });
    await set('f1', 'ft2', { modelInfo: { ...SKLEARN, path: 'SIZE_8192_500_0' }, force: true });
    const answer = await client.predict(vmodel('f1'), SOON);
    assert.ok(typeof answer === 'object', textOf(answer));
    assert.equal(answer.model, 'ft2');
    assert.ok(answer.ms > 200, `it took ${answer.ms} ms`);
  });

  test('a caller that waits for a switch and runs out of time gets an error; the transition continues', async () => {
    await set('d1', 'dt1', { loadNow: true, sync: true });
    const modelInfo = { ...SKLEARN, path: 'SIZE_8192_800_0' };
    const call = instance.api.setVModel(setVModel('d1', 'dt2', { modelInfo, sync: true }), {
      signal: AbortSignal.timeout(200),
    });
    await assert.rejects(call);
    assert.equal(plainVModel(await instance.api.getVModelStatus({ vModelId: 'd1' })).status, 'TRANSITIONING');
    await waitFor(async () => (await record('vmodels/d1')) === '{"o":"ksp","amid":"dt2","tmid":"dt2"}', {
      timeoutMs: 5_000,
      what: 'the switch',
    });
  });

  test('deleting a vmodel in transition takes both models with it, and the running load is cancelled', async () => {
    await set('x1', 'xt1', { loadNow: true, sync: true });
    await set('x1', 'xt2', { modelInfo: SLOW });
    await instance.runtime.untilCalls('xt2', ['load']);
    await instance.api.deleteVModel({ vModelId: 'x1' });
    assert.deepEqual([await record('registry/xt1'), await record('registry/xt2')], [undefined, undefined]);
    await instance.runtime.untilCalls('xt2', ['load', 'cancelled', 'unload']);
    await instance.runtime.untilCalls('xt1', ['load', 'unload']);
  });

  test('a model that is unregistered while it loads is cancelled at the model server', async () => {
    await instance.api.registerModel({ modelId: 'u1', modelInfo: SLOW, loadNow: true, sync: false });
    await instance.runtime.untilCalls('u1', ['load']);
    await instance.api.unregisterModel({ modelId: 'u1' });
    await instance.runtime.untilCalls('u1', ['load', 'cancelled', 'unload']);
  });

  test('meshes in other namespaces on the same etcd are others, also with instances of the same name', async () => {
    const kvStore = `etcd:${mesh.etcd.endpoint};rootPrefix=modelmesh-serving/mm_ns/team-a`;
    const other = await mesh.startInstance('mm001', { KV_STORE: kvStore });
    await other.api.setVModel(setVModel('n1', 'same', { loadNow: true, sync: true }));
    await set('n1', 'same', { modelInfo: { ...SKLEARN, path: 'another' }, loadNow: true, sync: true });
    await other.api.deleteVModel({ vModelId: 'n1' });
    assert.deepEqual(plainModel(await other.api.getModelStatus({ modelId: 'same' })), {});
    assert.equal((await untilModel(instance, 'same', 'LOADED')).copies?.length, 1);
    assert.equal(await record('vmodels/n1'), '{"o":"ksp","amid":"same","tmid":"same"}');
    assert.equal(textOf(await client.predict(vmodel('n1'), SOON)), 'hello');
    await other.process.stop();
    assert.match((await record('instances/5d8f6b-mm001')) ?? '', /"meshkeeper"/);
    assert.equal(textOf(await client.predict(vmodel('n1'), SOON)), 'hello');
  });

  test('metrics carry every name of the original that is not about Java', async () => {
    const text = await (await fetch(`${instance.metrics}/metrics`)).text();
    const lines = new Set(
      [...text.matchAll(/^# TYPE modelmesh_(\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`),
    );
    const histograms =
      'invoke_model api_request cache_miss loadmodel unloadmodel req_queue_delay loading_queue_delay model_sizing age_at_eviction'
        .split(' ')
        .map((name) => `${name}_milliseconds histogram`);
    const sizes = ['request_size', 'response_size', 'loaded_model_size'].map((name) => `${name}_bytes histogram`);
    const counters = ['loadmodel', 'unloadmodel', 'unloadmodel_attempt'].map((name) => `${name}_failure counter`);
    const gauges = 'models_loaded models_with_failure models_managed instance_models'
      .split(' ')
      .map((name) => `${name}_total gauge`);
    const space = 'lru_seconds lru_age_seconds capacity_bytes used_bytes used_bps'
      .split(' ')
      .map((name) => `instance_${name} gauge`);
    for (const wanted of [...histograms, ...sizes, ...counters, ...gauges, ...space])
      assert.ok(lines.has(wanted), wanted);
    assert.match(text, /^modelmesh_api_request_milliseconds_count\{method="predict",code="OK"\} [1-9]/m);
    assert.match(text, /^modelmesh_invoke_model_milliseconds_count\{method="predict",code="OK"\} [1-9]/m);
    assert.match(text, /^modelmesh_api_request_milliseconds_count\{method="setVModel",code="OK"\} [1-9]/m);
    assert.match(text, /^modelmesh_models_managed_total [1-9]/m);
  });

  test('while etcd is away what is loaded is served, and a request for what is not is UNAVAILABLE within two seconds', async () => {
    await set('e1', 'et1', { loadNow: true, sync: true });
    await set('e2', 'et2');
    mesh.etcd.kill();
    await mesh.etcd.exited;
    const answer = await client.predict(vmodel('e1'), SOON);
    assert.ok(typeof answer === 'object' && answer.ms < 500, textOf(answer));
    for (const ask of [vmodel('e2'), vmodel('unknown'), model('unknown')]) {
      const began = performance.now();
      assert.match(textOf(await client.predict(ask, SOON)), /^UNAVAILABLE etcd cannot be reached: /);
      assert.ok(performance.now() - began < 2_200);
    }
    await mesh.restartEtcd();
    await waitFor(async () => textOf(await client.predict(vmodel('e2'), SOON)) === 'hello', {
      timeoutMs: 5_000,
      what: 'the other model to be served',
    });
  });
});
