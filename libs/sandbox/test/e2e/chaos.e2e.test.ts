import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectRedis } from '@meshkeeper/event-log';
import { createEtcdClient, parseEtcdConnection } from '@meshkeeper/etcd';
import { waitFor } from '../../src/index.ts';
import { applyModel, isLarge, startCluster, statusOf, untilReady, wordsOf, type Cluster } from './model-objects.ts';

let cluster: Cluster;
const rounds = isLarge ? 5 : 1;

beforeAll(async () => {
  cluster = await startCluster({ replicas: 2 });
});
afterAll(() => cluster.stop());

async function namesOfModels(): Promise<readonly string[]> {
  const text = await cluster.sandbox.kubectl(['get', 'isvc', '-o', 'jsonpath={.items[*].metadata.name}']);
  return text.split(' ');
}

/** Every model that was ready is so again, or still. */
async function allReady(): Promise<void> {
  for (const name of await namesOfModels()) {
    await waitFor(async () => wordsOf(await statusOf(cluster, name)) === 'True UpToDate Loaded/', {
      timeoutMs: 60_000,
      what: `${name} to be ready`,
    });
  }
}

/** Names of the VModels that the mesh's etcd holds. */
async function registered(): Promise<readonly string[]> {
  const connection = { endpoints: cluster.sandbox.meshEtcdUrl, root_prefix: 'modelmesh-serving' };
  const etcd = createEtcdClient(parseEtcdConnection(JSON.stringify(connection)));
  const prefix = 'modelmesh-serving/mm/modelmesh-serving/vmodels/';
  const names: string[] = [];
  for await (const { entries } of etcd.rangePrefix(prefix))
    names.push(...entries.map(({ key }) => key.slice(prefix.length)));
  etcd.close();
  return names;
}

const OURS = ['kube-watcher-1', 'mesh-watcher-1', 'reconciler-1', 'reconciler-2', 'console'];
const SERVERS = ['redis', 'kube-apiserver', 'kube-controller-manager', 'mesh-etcd', 'kubernetes-etcd'];

for (const name of [...OURS, ...SERVERS]) {
  test(`killed in the middle of a change, ${name} comes back and the cluster converges by itself`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const model = `kill-${name}-${round}`;
      await applyModel(cluster, model, `SIZE_${round}_200_0`);
      cluster.sandbox.process(name).kill();
      await untilReady(cluster, model, '', 90_000);
    }
    await allReady();
  });
}

test('a watcher woken from a long freeze records nothing old, and the other one leaves no gap', async () => {
  const frozen = cluster.sandbox.process('kube-watcher-2');
  frozen.freeze();
  await applyModel(cluster, 'frozen', 'SIZE_1_50_0');
  const first = await untilReady(cluster, 'frozen');
  await applyModel(cluster, 'frozen', 'SIZE_2_50_0');
  const second = await untilReady(cluster, 'frozen', first);
  frozen.thaw();
  await applyModel(cluster, 'thawed', 'SIZE_1_50_0');
  await untilReady(cluster, 'thawed');
  assert.equal((await statusOf(cluster, 'frozen')).components?.predictor?.latestReadyRevision, second);
});

test('an emptied Redis costs history and nothing else', async () => {
  const redis = connectRedis({ url: cluster.sandbox.redisUrl });
  await redis.flushall();
  redis.disconnect();
  await applyModel(cluster, 'after-flush', 'SIZE_1_50_0');
  await untilReady(cluster, 'after-flush', '', 60_000);
  await allReady();
});

test('a replaced etcd of the mesh is noticed, and every model is registered with it again', async () => {
  const etcd = cluster.sandbox.process('mesh-etcd');
  await etcd.stop();
  rmSync(join(cluster.sandbox.folder, 'mesh', 'etcd'), { recursive: true, force: true });
  await etcd.start();
  await applyModel(cluster, 'after-replacement', 'SIZE_1_50_0');
  await untilReady(cluster, 'after-replacement', '', 90_000);
  await allReady();
  assert.deepEqual((await registered()).toSorted(), (await namesOfModels()).toSorted());
});
