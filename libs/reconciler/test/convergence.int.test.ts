import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { JsonObject, KubeObject, ObjectRef } from '@meshkeeper/domain';
import { arbitraryRuntime } from './arbitrary-runtime.ts';
import { Convergence, OWN } from './convergence.ts';

const isLarge = process.env['MESHKEEPER_SIZE'] === 'large';
const EXAMPLES = new URL('../../domain/src/render/testdata/', import.meta.url);
const CONNECTION = Buffer.from('{"endpoints":"http://etcd:2379","root_prefix":"mesh"}').toString('base64');

let bench: Convergence;
beforeAll(async () => {
  bench = await Convergence.start();
  const metadata = { name: 'model-serving-etcd', namespace: OWN };
  await bench.create('etcdSecrets', { metadata, data: { etcd_connection: CONNECTION } });
  await bench.round();
});
afterAll(() => bench.stop());

/** An enabled namespace of its own, with its Service and its copy of the etcd Secret already there. */
async function enabled(name: string): Promise<void> {
  await bench.create('namespaces', { metadata: { name, labels: { 'modelmesh-enabled': 'true' } } });
}

const runtime = (
  namespace: string,
  name: string,
  spec: JsonObject = {},
  annotations?: Record<string, string>,
): KubeObject => ({
  metadata: { name, namespace, ...(annotations && { annotations }) },
  spec: {
    multiModel: true,
    grpcEndpoint: 'port:8085',
    supportedModelFormats: [{ name: 'onnx', autoSelect: true }],
    containers: [{ name: 'server', image: 'a/b:1', resources: { limits: { memory: '0.5Gi', cpu: 0.5 } } }],
    ...spec,
  },
});
const model = (namespace: string, name: string): KubeObject => ({
  metadata: { name, namespace, annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } },
  spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storage: { key: 'k', path: 'p' } } } },
});
const deployment = (namespace: string, name: string): ObjectRef => ({
  kind: 'deployments',
  namespace,
  name: `modelmesh-serving-${name}`,
});
const writesIn = (namespace: string, writes: readonly string[]): readonly string[] =>
  writes.filter((write) => write.includes(` ${namespace}/`)).map((write) => write.replace(`${namespace}/`, ''));
const templateOf = (object: KubeObject): JsonObject => (object['spec'] as JsonObject)['template'] as JsonObject;

async function configure(text: string): Promise<void> {
  const file = { metadata: { name: 'model-serving-config', namespace: OWN }, data: { 'config.yaml': text } };
  const ref: ObjectRef = { kind: 'config', namespace: OWN, name: 'model-serving-config' };
  await bench.change(ref, file).catch(() => bench.create('config', file));
}

describe('what is rendered, on a real API server', () => {
  test('costs one write for each object, and none while it is right, also when all memory is lost', async () => {
    await enabled('counted');
    await bench.create('servingRuntimes', runtime('counted', 'r'));
    await bench.create('inferenceServices', model('counted', 'm'));
    const { writes } = await bench.round();
    assert.deepEqual(writesIn('counted', writes).toSorted(), [
      'copySecret secrets model-serving-etcd',
      'create configmaps tc-config',
      'create deployments modelmesh-serving-r',
      'create services modelmesh-serving',
    ]);
    assert.deepEqual((await bench.round()).writes, []);
    bench.forget();
    assert.deepEqual((await bench.round()).writes, []);
  });

  for (const name of ['built-in-adapter', 'puller-and-tls']) {
    test(`is stored as the original’s is, defaults included: ${name}`, async () => {
      const example = JSON.parse(readFileSync(new URL(`${name}.json`, EXAMPLES), 'utf8')) as {
        readonly kind: string;
        readonly namespace: string;
        readonly config: JsonObject;
        readonly runtime: KubeObject;
        readonly expected: Readonly<Record<'0', KubeObject>>;
      };
      const { namespace, config, expected } = example;
      await enabled(namespace);
      await configure(JSON.stringify({ ...config, renderingRevision: 0, scaleToZero: { enabled: false } }));
      const { uid: _, ...metadata } = example.runtime.metadata;
      const shared = example.kind === 'ClusterServingRuntime';
      const object = { ...example.runtime, metadata: shared ? metadata : { ...metadata, namespace } };
      const made = await bench.create(shared ? 'clusterServingRuntimes' : 'servingRuntimes', object);
      if (name === 'puller-and-tls') await createStorage(namespace);
      // As the original controller leaves it.
      const [owner] = expected['0'].metadata.ownerReferences ?? [];
      assert.ok(owner !== undefined);
      const ownerReferences = [{ ...owner, uid: made.metadata.uid ?? '' }];
      const original = { ...expected['0'], metadata: { ...expected['0'].metadata, ownerReferences } };
      const stored = await bench.create('deployments', original, 'manager');
      const { writes } = await bench.round();
      assert.deepEqual(
        writesIn(namespace, writes).filter((write) => write.includes('deployments')),
        [`apply deployments ${stored.metadata.name}`],
      );
      const adopted = await bench.read({ kind: 'deployments', namespace, name: stored.metadata.name });
      // The template is the same to the last field, so no pod restarts; only the Deployment's own annotations are new.
      assert.deepEqual(adopted['spec'], stored['spec']);
      assert.deepEqual(writesIn(namespace, (await bench.round()).writes), []);
      await bench.kubectl(
        'delete',
        shared ? 'clusterservingruntime' : 'servingruntime',
        metadata.name,
        '-n',
        namespace,
      );
      await bench.kubectl('delete', 'deployment', stored.metadata.name, '-n', namespace);
      await configure('{}');
    });
  }

  test('is taken over from the original controller so that what is no longer wanted really goes', async () => {
    await enabled('adopted');
    await configure('scaleToZero: {enabled: false}');
    await bench.create('servingRuntimes', runtime('adopted', 'r', { nodeSelector: { disk: 'ssd' } }));
    await bench.round();
    const ref = deployment('adopted', 'r');
    const { metadata, spec } = await bench.read(ref);
    await bench.kubectl('delete', 'deployment', ref.name, '-n', 'adopted');
    const { name, labels, ownerReferences } = metadata as {
      name: string;
      labels: Record<string, string>;
      ownerReferences: [];
    };
    await bench.create(
      'deployments',
      { metadata: { name, namespace: 'adopted', labels, ownerReferences }, spec },
      'manager',
    );
    assert.deepEqual(writesIn('adopted', (await bench.round()).writes), ['apply deployments modelmesh-serving-r']);
    await bench.change({ kind: 'servingRuntimes', namespace: 'adopted', name: 'r' }, { spec: { nodeSelector: null } });
    await bench.round();
    const { spec: podSpec } = templateOf(await bench.read(ref)) as { readonly spec: JsonObject };
    assert.equal(podSpec['nodeSelector'], undefined);
    await configure('{}');
  });

  test('is restored when modified externally, with one Event; fields that are not ours stay', async () => {
    await enabled('drift');
    await bench.create('servingRuntimes', runtime('drift', 'r'));
    await bench.create('inferenceServices', model('drift', 'm'));
    await bench.round();
    const ref = deployment('drift', 'r');
    await bench.change(ref, {
      metadata: { labels: { theirs: 'yes' } },
      spec: { strategy: { rollingUpdate: { maxSurge: 1 } } },
    });
    const { writes, events } = await bench.round();
    assert.deepEqual(writesIn('drift', writes), ['apply deployments modelmesh-serving-r']);
    assert.deepEqual(events, [
      {
        type: 'Warning',
        reason: 'DriftRepaired',
        message:
          'Deployment modelmesh-serving-r: spec.strategy.rollingUpdate.maxSurge was modified externally by kubectl-edit and has been restored',
      },
    ]);
    assert.equal((await bench.read(ref)).metadata.labels?.['theirs'], 'yes');
    assert.deepEqual(await bench.round(), { writes: [], events: [] });
  });

  test('of a runtime that cannot be served is said once, and holds up no other (a missing grpcEndpoint)', async () => {
    await enabled('broken');
    const { grpcEndpoint: _, ...spec } = runtime('broken', 'noep')['spec'] as Record<string, never>;
    await bench.create('servingRuntimes', { ...runtime('broken', 'noep'), spec });
    await bench.create(
      'servingRuntimes',
      runtime('broken', 'ok', {}, { 'serving.kserve.io/autoscalerClass': 'external' }),
    );
    await bench.create('inferenceServices', model('broken', 'm'));
    const { writes, events } = await bench.round();
    assert.ok(writes.includes('create deployments broken/modelmesh-serving-ok'));
    assert.deepEqual(events.map(({ reason }) => reason).toSorted(), ['InvalidAutoscaling', 'InvalidRuntime']);
    assert.deepEqual(await bench.round(), { writes: [], events: [] });
  });

  test('goes with the label of its namespace', async () => {
    await enabled('leaving');
    await bench.create('servingRuntimes', runtime('leaving', 'r', {}, { 'serving.kserve.io/autoscalerClass': 'hpa' }));
    await bench.create('inferenceServices', model('leaving', 'm'));
    assert.equal(writesIn('leaving', (await bench.round()).writes).length, 5);
    await bench.change(
      { kind: 'namespaces', namespace: '', name: 'leaving' },
      { metadata: { labels: { 'modelmesh-enabled': null } } },
    );
    assert.deepEqual(writesIn('leaving', (await bench.round()).writes).toSorted(), [
      'delete configmaps tc-config',
      'delete deployments modelmesh-serving-r',
      'delete horizontalpodautoscalers modelmesh-serving-r',
      'delete secrets model-serving-etcd',
      'delete services modelmesh-serving',
    ]);
  });

  test('follows the configuration; a change that alters nothing costs nothing', async () => {
    await enabled('configured');
    await bench.create('servingRuntimes', runtime('configured', 'r'));
    await bench.create('inferenceServices', model('configured', 'm'));
    await configure('podsPerRuntime: 3');
    await bench.round();
    await configure('PODSPERRUNTIME: "3"');
    assert.deepEqual(writesIn('configured', (await bench.round()).writes), []);
    await configure('inferenceServicePort: 9000\npodsPerRuntime: 3');
    assert.deepEqual(writesIn('configured', (await bench.round()).writes).toSorted(), [
      'apply deployments modelmesh-serving-r',
      'apply services modelmesh-serving',
    ]);
    await configure('{}');
    await bench.round();
  });

  test('of many runtimes costs none after a restart', async () => {
    const count = isLarge ? 500 : 50;
    await enabled('many');
    const names = Array.from({ length: count }, (_, i) => `r${i}`);
    await Promise.all(names.map((name) => bench.create('servingRuntimes', runtime('many', name))));
    await bench.create('inferenceServices', model('many', 'm'));
    assert.equal(writesIn('many', (await bench.round()).writes).length, count + 3);
    bench.forget();
    assert.deepEqual((await bench.round()).writes, []);
  });
});

async function createStorage(namespace: string): Promise<void> {
  const entry = Buffer.from('{"type":"pvc","name":"zebra"}').toString('base64');
  await bench.create('storageSecrets', { metadata: { name: 'storage-config', namespace }, data: { z: entry } });
  const data = { 'tls.crt': '', 'tls.key': '', 'ca.crt': '' };
  await bench.create('etcdSecrets', { metadata: { name: 'mesh-tls', namespace }, data });
  const spec = { accessModes: ['ReadOnlyMany'], resources: { requests: { storage: '1Gi' } } };
  await bench.create('persistentVolumeClaims', { metadata: { name: 'alpha', namespace }, spec });
  for (const claim of ['alpha', 'missing']) {
    const storage = { path: 'p', parameters: { type: 'pvc', name: claim } };
    await bench.create('predictors', {
      metadata: { name: claim, namespace },
      spec: { modelType: { name: 'kitten' }, storage },
    });
  }
}

describe('any runtime', () => {
  test('that the schema allows renders to a Deployment that the API server takes, after which nothing is left to write', async () => {
    await enabled('any');
    await bench.create('inferenceServices', model('any', 'm'));
    await bench.round();
    await fc.assert(
      fc.asyncProperty(arbitraryRuntime, async (spec) => {
        await bench.create('servingRuntimes', { metadata: { name: 'r', namespace: 'any' }, spec });
        const { writes } = await bench.round();
        assert.deepEqual(
          writesIn('any', writes).filter((write) => write.includes('deployments')),
          ['create deployments modelmesh-serving-r'],
        );
        bench.forget();
        assert.deepEqual(writesIn('any', (await bench.round()).writes), []);
        await bench.kubectl('delete', 'servingruntime/r', 'deployment/modelmesh-serving-r', '-n', 'any');
      }),
      { numRuns: isLarge ? 300 : 15 },
    );
  });
});
