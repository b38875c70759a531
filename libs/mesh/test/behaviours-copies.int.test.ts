import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf, vmodel, type Client } from './inference.ts';
import {
  plainModel,
  plainVModel,
  recordChanges,
  setVModel,
  SKLEARN,
  startMeshFixture,
  type Instance,
  type MeshFixture,
} from './mesh-fixture.ts';
import type { ScriptedRuntime } from './scripted-runtime.ts';

describe('several copies of a model, four instances', () => {
  let mesh: MeshFixture;
  let instances: readonly Instance[];
  let clients: readonly Client[];
  let restarted: ScriptedRuntime | undefined;
  beforeAll(async () => {
    mesh = await startMeshFixture();
    // The least that can be set: ten requests a minute for one copy.
    const start = (name: string) => mesh.startInstance(name, { MM_SCALEUP_RPM_THRESHOLD: '10' });
    instances = await Promise.all(['mm001', 'mm002', 'mm003', 'mm004'].map(start));
    clients = instances.map((instance) => clientOf(instance));
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await mesh.stop();
    await restarted?.stop();
  });
  const [at, through] = [
    (index: number) => instances[index] ?? assert.fail(),
    (index: number) => clients[index] ?? assert.fail(),
  ];
  const record = async (id: string) => (await mesh.store.get(`${mesh.prefix}registry/${id}`)).entry?.value ?? '';
  const loadedIn = (value: string): readonly string[] => {
    const times =
      (JSON.parse(value || '{}') as { readonly loadedIn?: Readonly<Record<string, number>> }).loadedIn ?? {};
    return Object.keys(times).filter((iid) => times[iid] !== 0);
  };
  const untilCopies = (id: string, count: number, timeoutMs = 5_000) =>
    waitFor(
      async () => {
        const copies = loadedIn(await record(id));
        return copies.length === count ? copies : undefined;
      },
      { timeoutMs, what: `${id} to have ${count} copies` },
    );
  /** Assigns a copy: the instance that is named loads. */
  const addCopy = async (id: string) => {
    const value = await record(id);
    const iid = instances.map((instance) => instance.iid).find((name) => !value.includes(name)) ?? '';
    const entry = (time: number) => `"${iid}":${time},`;
    const grown = value
      .replace('"instanceIds":{', `"instanceIds":{${entry(Date.now())}`)
      .replace('"loadedIn":{', `"loadedIn":{${entry(0)}`);
    await mesh.store.put(`${mesh.prefix}registry/${id}`, grown);
  };
  const byWhom = async (client: Client, headers: readonly string[]) => {
    const answer = await client.predict(headers);
    assert.ok(typeof answer === 'object', textOf(answer));
    return answer.by;
  };

  test('any instance that is asked to load a model names its copy in the reply', async () => {
    for (let index = 0; index < 8; index += 1) {
      const call = { modelId: `r${index}`, modelInfo: SKLEARN, loadNow: true, sync: index % 2 === 0 };
      const { status, copies } = plainModel(await at(index % 4).api.registerModel(call));
      assert.equal(status, call.sync ? 'LOADED' : 'LOADING');
      assert.match(copies?.join() ?? '', /^5d8f6b-mm00\d UNKNOWN$/);
    }
  });

  test('a target has as many copies as the active model serves with, before it takes over', async () => {
    const { api } = at(0);
    await api.setVModel(setVModel('v1', 't1', { loadNow: true, sync: true }));
    await addCopy('t1');
    await untilCopies('t1', 2);
    const watch = recordChanges(mesh, (await mesh.store.readHead()).revision + 1n);
    const reply = plainVModel(await api.setVModel(setVModel('v1', 't2', { sync: true })));
    assert.equal(reply.activeModelId, 't2');
    await waitFor(() => watch.revisions.flat().includes('delete registry/t1'), {
      timeoutMs: 5_000,
      what: 'the switch',
    });
    await watch.stop();
    const lines = watch.revisions.flat();
    const before = lines.slice(
      0,
      lines.findIndex((line) => line.includes('"amid":"t2"')),
    );
    const last = before.findLast((line) => line.startsWith('put registry/t2')) ?? '';
    assert.match(last, /"loadedIn":\{"[^"]+":T,"[^"]+":T\}/);
    assert.deepEqual(
      (await Promise.all(clients.map((client) => byWhom(client, vmodel('v1'))))).filter((iid) => !last.includes(iid)),
      [],
    );
  });

  test('a target with one copy is not switched to immediately when the active model has two', async () => {
    const { api } = at(1);
    await api.setVModel(setVModel('v2', 'u1', { loadNow: true, sync: true }));
    await addCopy('u1');
    await untilCopies('u1', 2);
    await api.registerModel({ modelId: 'u2', modelInfo: SKLEARN, loadNow: true, sync: true });
    assert.equal(plainVModel(await api.setVModel(setVModel('v2', 'u2'))).status, 'TRANSITIONING');
    await untilCopies('u2', 2);
    await waitFor(async () => plainVModel(await api.getVModelStatus({ vModelId: 'v2' })).status === 'DEFINED', {
      timeoutMs: 5_000,
      what: 'the switch',
    });
  });

  test('of several copies an instance takes its own first for one call, and all of them for many', async () => {
    const { api } = at(0);
    const modelInfo = { ...SKLEARN, path: 'SIZE_8192_0_0/SLOW_50' };
    await api.registerModel({ modelId: 'w1', modelInfo, loadNow: true, sync: true });
    await addCopy('w1');
    const holders = await untilCopies('w1', 2);
    for (const [index, { iid }] of instances.entries()) {
      if (holders.includes(iid)) assert.equal(await byWhom(through(index), model('w1')), iid);
      const many = await Promise.all(Array.from({ length: 8 }, () => byWhom(through(index), model('w1'))));
      assert.deepEqual(new Set(many), new Set(holders));
    }
  });

  test('a model server that dies: other copies answer, and nothing is placed at its instance until it is back', async () => {
    const { api } = at(0);
    await api.registerModel({ modelId: 'z1', modelInfo: SKLEARN, loadNow: true, sync: true });
    await addCopy('z1');
    const holders = await untilCopies('z1', 2);
    const dying = instances.find(({ iid }) => iid === holders[0]) ?? assert.fail();
    await dying.runtime.control('POST /exit').catch(() => undefined);
    await dying.runtime.process.exited;
    for (const client of clients) assert.equal(await byWhom(client, model('z1')), holders[1]);
    const isClosed = async () =>
      (await mesh.store.get(`${mesh.prefix}instances/${dying.iid}`)).entry?.value.includes('"shutdown":true');
    await waitFor(isClosed, { timeoutMs: 5_000, what: 'its record to say so' });
    restarted = await dying.runtime.restart();
    await waitFor(async () => !(await isClosed()), { timeoutMs: 5_000, what: 'its record to say that it is back' });
  });

  test('a model that is asked more often than one copy is to be gets further ones, and requests are spread', async () => {
    const { api } = at(2);
    await api.registerModel({ modelId: 'x1', modelInfo: SKLEARN, loadNow: true, sync: true });
    assert.equal(loadedIn(await record('x1')).length, 1);
    await waitFor(
      async () => {
        await Promise.all(clients.map((client) => byWhom(client, model('x1'))));
        return loadedIn(await record('x1')).length > 1;
      },
      { timeoutMs: 15_000, what: 'a second copy', intervalMs: 200 },
    );
    const holders = loadedIn(await record('x1'));
    const asked = await Promise.all(clients.flatMap((client) => [1, 2, 3, 4].map(() => byWhom(client, model('x1')))));
    assert.deepEqual(new Set(asked), new Set(holders));
  });
});
