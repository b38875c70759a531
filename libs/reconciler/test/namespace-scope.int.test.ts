import assert from 'node:assert/strict';
import type { KubeObject } from '@meshkeeper/domain';
import { Convergence, OWN } from './convergence.ts';

let bench: Convergence;
beforeAll(async () => {
  bench = await Convergence.start(true);
  const connection = Buffer.from('{"endpoints":"http://etcd:2379","root_prefix":"mesh"}').toString('base64');
  const metadata = { name: 'model-serving-etcd', namespace: OWN };
  await bench.create('etcdSecrets', { metadata, data: { etcd_connection: connection } });
});
afterAll(() => bench.stop());

const runtime = (namespace: string): KubeObject => ({
  metadata: { name: 'r', namespace },
  spec: {
    multiModel: true,
    grpcEndpoint: 'port:8085',
    supportedModelFormats: [{ name: 'onnx', autoSelect: true }],
    containers: [{ name: 'server', image: 'a/b:1' }],
  },
});

describe('in namespace scope', () => {
  test('the own namespace is served with the rights of a Role alone, and nothing else is touched (ms#519)', async () => {
    const other = { metadata: { name: 'other', labels: { 'modelmesh-enabled': 'true' } } };
    await bench.create('namespaces', other);
    for (const namespace of [OWN, 'other']) await bench.create('servingRuntimes', runtime(namespace));
    const controller = {
      metadata: { name: 'reconciler', namespace: OWN },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'd' }] } },
      },
    };
    const { uid } = (await bench.create('deployments', controller)).metadata;
    const { writes } = await bench.round();
    assert.deepEqual(writes.toSorted(), [
      `create configmaps ${OWN}/tc-config`,
      `create deployments ${OWN}/modelmesh-serving-r`,
      `create services ${OWN}/modelmesh-serving`,
    ]);
    const service = await bench.read({ kind: 'services', namespace: OWN, name: 'modelmesh-serving' });
    assert.deepEqual(service.metadata.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'reconciler',
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    assert.deepEqual((await bench.round()).writes, []);
  });

  test('the etcd Secret is never taken for a copy, also when the last runtime goes (ms#519)', async () => {
    await bench.kubectl('delete', 'servingruntime', 'r', '-n', OWN);
    assert.deepEqual((await bench.round()).writes, [`delete configmaps ${OWN}/tc-config`]);
    const { metadata } = await bench.read({ kind: 'etcdSecrets', namespace: OWN, name: 'model-serving-etcd' });
    assert.equal(metadata.name, 'model-serving-etcd');
  });
});
