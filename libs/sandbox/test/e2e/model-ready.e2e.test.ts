import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createEtcdClient, parseEtcdConnection, type EtcdClient } from '@meshkeeper/etcd';
import { waitFor } from '../../src/index.ts';
import { readEverything } from './redis-contents.ts';
import {
  applyModel,
  isLarge,
  ownWrites,
  startCluster,
  statusOf,
  untilReady,
  untilWords,
  watchWords,
  type Cluster,
} from './model-objects.ts';

let cluster: Cluster;
let etcd: EtcdClient;

beforeAll(async () => {
  cluster = await startCluster();
  const connection = JSON.stringify({ endpoints: cluster.sandbox.meshEtcdUrl, root_prefix: 'modelmesh-serving' });
  etcd = createEtcdClient(parseEtcdConnection(connection));
});

afterAll(async () => {
  etcd.close();
  await cluster.stop();
});

async function recordsOf(name: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of etcd.rangePrefix('modelmesh-serving/mm/')) keys.push(...page.entries.map(({ key }) => key));
  return keys.filter((key) => key.includes(`/${name}`));
}

async function eventsOf(name: string): Promise<readonly string[]> {
  const text = await cluster.sandbox.kubectl(['get', 'events.v1.events.k8s.io', '-o', 'json']);
  const { items } = JSON.parse(text) as { items: { reason: string; regarding: { name: string } }[] };
  return items.filter(({ regarding }) => regarding.name === name).map(({ reason }) => reason);
}

test('an applied InferenceService becomes ready, with its URL and nothing but the states between', async () => {
  await applyModel(cluster, 'first', 'SIZE_1000_600_0');
  const watch = watchWords(cluster, 'first');
  const modelId = await untilReady(cluster, 'first');
  const { url, conditions, modelStatus } = await statusOf(cluster, 'first');
  assert.equal(url, 'grpc://modelmesh-serving.modelmesh-serving:8033');
  assert.deepEqual(
    conditions?.map(({ type, status }) => ({ type, status })),
    [
      { type: 'PredictorReady', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
  );
  assert.deepEqual(modelStatus, {
    transitionStatus: 'UpToDate',
    states: { activeModelState: 'Loaded', targetModelState: '' },
    copies: { failedCopies: 0, totalCopies: 1 },
  });
  assert.match(modelId, /^first__isvc-[0-9a-f]{10}$/);
  watch.stop();
  assert.deepEqual(watch.words().slice(-2), ['False UpToDate Loading/', 'True UpToDate Loaded/']);
});

test('a changed path switches over without losing readiness', async () => {
  const before = await untilReady(cluster, 'first');
  const watch = watchWords(cluster, 'first');
  await applyModel(cluster, 'first', 'SIZE_1001_600_0');
  await untilReady(cluster, 'first', before);
  watch.stop();
  assert.deepEqual(watch.words(), ['True UpToDate Loaded/', 'True InProgress Loaded/Loading', 'True UpToDate Loaded/']);
  assert.deepEqual((await eventsOf('first')).toSorted(), ['Ready', 'TransitionFinished', 'TransitionStarted']);
});

test('a path that cannot be loaded blocks the switch, says why, and leaves the old model ready', async () => {
  await applyModel(cluster, 'first', 'FAIL_no such file');
  const status = await untilWords(cluster, 'first', 'True BlockedByFailedLoad Loaded/FailedToLoad');
  assert.equal(status.modelStatus?.lastFailureInfo?.reason, 'ModelLoadFailed');
  assert.match(status.modelStatus?.lastFailureInfo?.message ?? '', /no such file/);
  await applyModel(cluster, 'first', 'SIZE_1002_100_0');
  await untilWords(cluster, 'first', 'True UpToDate Loaded/');
});

test('a first load that fails is shown as such and never as ready', async () => {
  await applyModel(cluster, 'broken', 'FAIL_bad model');
  const watch = watchWords(cluster, 'broken');
  const status = await untilWords(cluster, 'broken', 'False UpToDate FailedToLoad/');
  watch.stop();
  assert.match(status.modelStatus?.lastFailureInfo?.message ?? '', /bad model/);
  assert.ok(watch.words().every((words) => words.startsWith('False') || words.startsWith('-')));
});

test('a deleted InferenceService takes its VModel and its models along', async () => {
  await cluster.sandbox.kubectl(['delete', 'isvc', 'first', 'broken']);
  await waitFor(async () => (await recordsOf('first')).length + (await recordsOf('broken')).length === 0, {
    timeoutMs: 20_000,
    what: 'the records to go',
  });
});

test('at rest nothing is written by any of our service accounts, and no record of the mesh moves', async () => {
  const writes = () => ownWrites(readFileSync(cluster.sandbox.auditLog, 'utf8'));
  const records = async (): Promise<Record<string, string>> => {
    const entries: [string, string][] = [];
    for await (const page of etcd.rangePrefix('modelmesh-serving/mm/')) {
      for (const { key, modRevision } of page.entries) {
        if (/\/(vmodels|registry)\//.test(key)) entries.push([key, String(modRevision)]);
      }
    }
    return Object.fromEntries(entries);
  };
  // What the last test left may still be in flight: rest begins when two looks are alike.
  await waitFor(
    async () => {
      const count = writes().length;
      await delay(1_000);
      return writes().length === count;
    },
    { timeoutMs: 15_000, what: 'the writes to end' },
  );
  const [writesBefore, recordsBefore] = [writes(), await records()];
  await delay(isLarge ? 180_000 : 60_000);
  assert.deepEqual(writes().slice(writesBefore.length), []);
  assert.deepEqual(await records(), recordsBefore);
});

test("no byte of a Secret's data is anywhere in Redis or in a log", async () => {
  const planted = 'PLANTED-7d1f0c';
  await cluster.sandbox.kubectl(['create', 'secret', 'generic', 'planted', `--from-literal=token=${planted}`]);
  const patch = JSON.stringify({ stringData: { extra: planted } });
  await cluster.sandbox.kubectl(['patch', 'secret', 'model-serving-etcd', '-p', patch]);
  await applyModel(cluster, 'after-secret', 'SIZE_1_50_0');
  await untilReady(cluster, 'after-secret');
  const everything = await readEverything(cluster.sandbox.redisUrl);
  assert.ok(everything.includes('after-secret'), 'the search must be able to find what is there');
  assert.ok(!everything.includes(planted));
  assert.ok(!everything.includes(Buffer.from(planted).toString('base64')));
  for (const { logFile } of cluster.sandbox.processes()) assert.ok(!readFileSync(logFile, 'utf8').includes(planted));
});
