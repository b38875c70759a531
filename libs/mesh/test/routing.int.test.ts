import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf, type Client, type Predicted } from './inference.ts';
import { SKLEARN, startMeshFixture, untilModel, type Instance, type MeshFixture } from './mesh-fixture.ts';

describe('inference through several instances', () => {
  let mesh: MeshFixture;
  let clients: Client[];
  beforeEach(async () => {
    mesh = await startMeshFixture();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await mesh.stop();
  });
  const start = async (name: string): Promise<{ instance: Instance; client: Client }> => {
    const instance = await mesh.startInstance(name);
    const client = clientOf(instance);
    clients.push(client);
    return { instance, client };
  };
  const load = ({ api }: Instance, modelId: string, path = 'p') =>
    api.registerModel({ modelId, modelInfo: { ...SKLEARN, path }, loadNow: true, sync: true });
  const byWhom = (answer: Predicted | string) => (typeof answer === 'string' ? answer : answer.by);

  /** Asks again and again until `stop`, and remembers every answer. */
  const keepAsking = (client: Client, id: string) => {
    const answers: (Predicted | string)[] = [];
    const ended = new AbortController();
    const done = (async () => {
      while (!ended.signal.aborted) answers.push(await client.predict(model(id)));
    })();
    return {
      answers,
      stop: async () => {
        ended.abort();
        await done;
      },
    };
  };
  const slowest = (answers: readonly (Predicted | string)[]) =>
    Math.max(...answers.map((answer) => (typeof answer === 'string' ? 0 : answer.ms)));
  const failures = (answers: readonly (Predicted | string)[]) => answers.filter((answer) => typeof answer === 'string');

  test('any instance answers from the one copy there is', async () => {
    const [a, b] = [await start('mm001'), await start('mm002')];
    await load(a.instance, 'm1');
    const holder = byWhom(await a.client.predict(model('m1')));
    assert.deepEqual(
      [byWhom(await b.client.predict(model('m1'))), byWhom(await a.client.predict(model('m1')))],
      [holder, holder],
    );
  });

  test('a request that comes where a model is not loaded is answered where it is placed', async () => {
    const [a, b] = [await start('mm001'), await start('mm002')];
    for (const id of ['m1', 'm2', 'm3', 'm4'])
      await a.instance.api.registerModel({ modelId: id, modelInfo: SKLEARN, loadNow: false, sync: false });
    const answers = await Promise.all(['m1', 'm2', 'm3', 'm4'].map((id) => b.client.predict(model(id))));
    assert.deepEqual(answers.map(textOf), ['hello', 'hello', 'hello', 'hello']);
    assert.deepEqual(new Set(answers.map(byWhom)).size, 2);
  });

  test('a killed holder: no request fails, and the model is served elsewhere once it is loaded there', async () => {
    const [a, b] = [await start('mm001'), await start('mm002')];
    await load(a.instance, 'm1');
    const holder = byWhom(await a.client.predict(model('m1'))) === a.instance.iid ? a : b;
    const other = holder === a ? b : a;
    const asking = keepAsking(other.client, 'm1');
    await waitFor(async () => asking.answers.length > 50, { timeoutMs: 5_000, what: 'some answers' });
    holder.instance.process.kill();
    await waitFor(async () => byWhom(asking.answers.at(-1) ?? '') === other.instance.iid, {
      timeoutMs: 5_000,
      what: 'an answer of the other instance',
    });
    await asking.stop();
    assert.deepEqual(failures(asking.answers), []);
    assert.ok(slowest(asking.answers) < 3_000, `the slowest took ${slowest(asking.answers)} ms`);
    const metrics = await (await fetch(`${other.instance.metrics}/metrics`)).text();
    assert.match(metrics, /meshkeeper_mesh_retries_total\{why="lost"\} [1-9]/);
    assert.match(metrics, /meshkeeper_mesh_silent_instances 1/);
  });

  test('a frozen holder is found out while it is frozen, and comes back into use', async () => {
    const [a, b] = [await start('mm001'), await start('mm002')];
    await load(a.instance, 'm1');
    const holder = byWhom(await a.client.predict(model('m1'))) === a.instance.iid ? a : b;
    const other = holder === a ? b : a;
    const asking = keepAsking(other.client, 'm1');
    await waitFor(async () => asking.answers.length > 50, { timeoutMs: 5_000, what: 'some answers' });
    process.kill(holder.instance.process.pid, 'SIGSTOP');
    try {
      await waitFor(async () => byWhom(asking.answers.at(-1) ?? '') === other.instance.iid, {
        timeoutMs: 5_000,
        what: 'an answer of the other instance',
      });
    } finally {
      process.kill(holder.instance.process.pid, 'SIGCONT');
    }
    await asking.stop();
    assert.deepEqual(failures(asking.answers), []);
    assert.ok(slowest(asking.answers) < 3_000, `the slowest took ${slowest(asking.answers)} ms`);
    assert.equal(textOf(await holder.client.predict(model('m1'))), 'hello');
  });

  test('a drain: no request fails or waits for the load of the other copy', async () => {
    const a = await start('mm001');
    // The load takes far longer than any machine makes a request wait for nothing.
    await load(a.instance, 'm1', 'SIZE_1000_4000_0');
    const b = await start('mm002');
    await untilModel(b.instance, 'm1', 'LOADED');
    const asking = keepAsking(b.client, 'm1');
    await waitFor(async () => asking.answers.length > 50, { timeoutMs: 5_000, what: 'some answers' });
    await a.instance.process.stop(20_000);
    await asking.stop();
    assert.deepEqual(failures(asking.answers), []);
    assert.equal(byWhom(asking.answers.at(-1) ?? ''), b.instance.iid);
    assert.ok(slowest(asking.answers) < 2_000, `the slowest took ${slowest(asking.answers)} ms`);
  });

  test('a runtime that crashes: its models are served by others, and by itself again once it is back', async () => {
    const [a, b] = [await start('mm001'), await start('mm002')];
    await load(a.instance, 'm1');
    const holder = byWhom(await a.client.predict(model('m1'))) === a.instance.iid ? a : b;
    const other = holder === a ? b : a;
    await holder.instance.runtime.control('POST /exit').catch(() => undefined);
    await holder.instance.runtime.process.exited;
    assert.equal(byWhom(await other.client.predict(model('m1'))), other.instance.iid);
    assert.equal(byWhom(await holder.client.predict(model('m1'))), other.instance.iid);
  });

  test('of instances of the original nothing is asked: their copies count as absent, and their records stay', async () => {
    const { instance, client } = await start('mm001');
    const key = `${mesh.prefix}instances/5d8f6b-java1`;
    const java = `{"startTime":1795438130076,"vers":1704067200000,"loc":"127.0.0.11","actionable":true,"lruTime":9223372036854775807,"cap":129762,"lThreads":6}`;
    await mesh.store.put(key, java);
    await instance.api.registerModel({ modelId: 'm1', modelInfo: SKLEARN, loadNow: false, sync: false });
    const registry = `${mesh.prefix}registry/m1`;
    const before = (await mesh.store.get(registry)).entry?.value ?? '';
    await mesh.store.put(registry, before.replace('"lu"', '"instanceIds":{"5d8f6b-java1":1795438290518},"lu"'));
    await waitFor(async () => (await instance.api.getModelStatus({ modelId: 'm1' })).status === 1, {
      timeoutMs: 5_000,
      what: 'the model to count as not loaded',
    });
    assert.equal(byWhom(await client.predict(model('m1'))), instance.iid);
    const { instanceIds } = JSON.parse((await mesh.store.get(registry)).entry?.value ?? '{}') as {
      readonly instanceIds: object;
    };
    assert.deepEqual(Object.keys(instanceIds), ['5d8f6b-java1', instance.iid]);
    assert.equal((await mesh.store.get(key)).entry?.value, java);
  });
});
