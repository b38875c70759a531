import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEtcdClient, parseEtcdConnection } from '@meshkeeper/etcd';
import { waitFor } from '../../src/index.ts';
import { applyModel, startCluster, untilReady, type Cluster } from './model-objects.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await applyModel(cluster, 'kept', 'SIZE_1_50_0');
  await untilReady(cluster, 'kept');
});
afterAll(() => cluster.stop());

/** VModel ids and the revision at which each was created: a deleted and recreated one has another. */
async function vmodels(): Promise<Readonly<Record<string, string>>> {
  const connection = JSON.stringify({ endpoints: cluster.sandbox.meshEtcdUrl, root_prefix: 'modelmesh-serving' });
  const etcd = createEtcdClient(parseEtcdConnection(connection));
  try {
    const found: [string, string][] = [];
    for await (const page of etcd.rangePrefix('modelmesh-serving/mm/modelmesh-serving/vmodels/')) {
      for (const { key, createRevision } of page.entries)
        found.push([key.split('/').at(-1) ?? '', String(createRevision)]);
    }
    return Object.fromEntries(found);
  } finally {
    etcd.close();
  }
}

/** Copies the data of an etcd while it is stopped, lets things happen, and puts the copy back, as from a backup. */
async function restoreAfter(name: 'mesh-etcd' | 'kubernetes-etcd', happen: () => Promise<void>): Promise<void> {
  const etcd = cluster.sandbox.process(name);
  const data = join(cluster.sandbox.folder, name === 'mesh-etcd' ? 'mesh' : 'kubernetes', 'etcd');
  const copy = join(cluster.folder, `copy-of-${name}`);
  await etcd.stop();
  cpSync(data, copy, { recursive: true });
  await etcd.start();
  await happen();
  await etcd.stop();
  if (name === 'kubernetes-etcd') await cluster.sandbox.process('kube-apiserver').stop();
  rmSync(data, { recursive: true });
  cpSync(copy, data, { recursive: true });
  await etcd.start();
  if (name === 'kubernetes-etcd') await cluster.sandbox.process('kube-apiserver').start();
}

test('a restored etcd of the mesh gets back what was registered since, and loses nothing', async () => {
  const before = await vmodels();
  await restoreAfter('mesh-etcd', async () => {
    await waitFor(() => vmodels(), { timeoutMs: 20_000, what: "the mesh's etcd" });
    await applyModel(cluster, 'since-backup', 'SIZE_1_50_0');
    await untilReady(cluster, 'since-backup', '', 60_000);
  });
  await waitFor(async () => 'since-backup' in (await vmodels()), {
    timeoutMs: 60_000,
    what: 'the model to be registered again',
  });
  const { 'since-backup': _, ...rest } = await vmodels();
  assert.deepEqual(rest, before);
  await applyModel(cluster, 'after-restore', 'SIZE_1_50_0');
  await untilReady(cluster, 'after-restore', '', 60_000);
});

test('a restored API server is listed again, and no VModel goes whose object is still there', async () => {
  const before = await vmodels();
  await restoreAfter('kubernetes-etcd', async () => {
    await waitFor(() => cluster.sandbox.kubectl(['get', 'ns']), { timeoutMs: 30_000, what: 'the API server' });
    await applyModel(cluster, 'forgotten', 'SIZE_1_50_0');
    await untilReady(cluster, 'forgotten', '', 60_000);
  });
  await waitFor(async () => !('forgotten' in (await vmodels())), {
    timeoutMs: 90_000,
    what: 'the forgotten model to go',
  });
  assert.deepEqual(await vmodels(), before);
  await applyModel(cluster, 'new', 'SIZE_1_50_0');
  await untilReady(cluster, 'new', '', 90_000);
});
