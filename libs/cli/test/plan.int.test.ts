import assert from 'node:assert/strict';
import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { meshkeeper, scratchFolder, type Ran } from './bench.ts';
import { startClusterBench, type ClusterBench } from './cluster-bench.ts';

const SERVING = '/apis/serving.kserve.io';
const files = scratchFolder();
let cluster: ClusterBench;

beforeAll(async () => {
  cluster = await startClusterBench();
  await cluster.apply(...INSTALLED);
  for (const name of ['one', 'two']) await cluster.patchStatus(modelPath(name), LOADED);
  for (const object of await rendered()) await cluster.createAsOriginal(object);
});
afterAll(async () => {
  await cluster.stop();
  files.remove();
});

const namespace = (name: string, labels: JsonObject = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const TEAM_A = namespace('team-a', { 'modelmesh-enabled': 'true' });
const secret = (namespace: string, prefix: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'model-serving-etcd',
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'modelmesh-controller' },
  },
  stringData: { etcd_connection: JSON.stringify({ endpoints: 'http://hidden:2379', root_prefix: prefix }) },
});
const model = (name: string, format = 'sklearn') => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name, namespace: 'team-a', annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } },
  spec: { predictor: { model: { modelFormat: { name: format }, storage: { key: 'k', path: `models/${name}` } } } },
});
const modelPath = (name: string): string => `${SERVING}/v1beta1/namespaces/team-a/inferenceservices/${name}`;
const LOADED: JsonObject = {
  modelStatus: {
    transitionStatus: 'UpToDate',
    states: { activeModelState: 'Loaded', targetModelState: '' },
    copies: { failedCopies: 0, totalCopies: 1 },
  },
};

const runtime = (image: string, more: JsonObject = {}) => ({
  apiVersion: 'serving.kserve.io/v1alpha1',
  kind: 'ServingRuntime',
  metadata: { name: 'mlserver', namespace: 'team-a' },
  spec: {
    multiModel: true,
    replicas: 4,
    supportedModelFormats: [{ name: 'sklearn', version: '1', autoSelect: true }],
    grpcEndpoint: 'port:8085',
    containers: [{ name: 'server', image, ports: [{ containerPort: 9000 }] }],
    ...more,
  },
});

const INSTALLED = [
  namespace('modelmesh-serving'),
  TEAM_A,
  secret('modelmesh-serving', 'mesh'),
  secret('team-a', 'mesh/mm_ns/team-a'),
  runtime('a/b:1', { nodeSelector: { disk: 'ssd' } }),
  model('one'),
  model('two'),
  model('waiting'),
  model('other', 'onnx'),
];

/** What would be made of the objects that are live, at the original's revision. */
async function rendered(): Promise<readonly KubeObject[]> {
  const live = await Promise.all([
    cluster.get('/api/v1/namespaces/modelmesh-serving'),
    cluster.get('/api/v1/namespaces/team-a'),
    cluster.get(`${SERVING}/v1alpha1/namespaces/team-a/servingruntimes/mlserver`),
  ]);
  const file = files.write('live.json', { apiVersion: 'v1', kind: 'List', items: live });
  const { out, code } = await meshkeeper(['render', '-f', file, '--revision', '0', '-o', 'json']);
  assert.equal(code, 0);
  const { items } = JSON.parse(out) as { readonly items: readonly KubeObject[] };
  return items.filter(({ kind = '' }) => ['Deployment', 'Service', 'ConfigMap'].includes(kind));
}

const DEPLOYMENT = '/apis/apps/v1/namespaces/team-a/deployments/modelmesh-serving-mlserver';
const DISK = { nodeSelector: { disk: 'ssd' } };

function fileOf(...objects: readonly object[]): string {
  return files.write('laid-over.json', { apiVersion: 'v1', kind: 'List', items: objects });
}

/** Actions and names, as the lines that begin with them. */
function headers({ out }: Ran): readonly string[] {
  return out.split('\n').filter((line) => /^(create|change|delete) /.test(line));
}

async function podTemplate(): Promise<{ readonly spec: JsonObject }> {
  const { spec } = await cluster.get(DEPLOYMENT);
  return (spec as { readonly template: { readonly spec: JsonObject } }).template;
}

const ADOPTED = [
  'change Service modelmesh-serving/modelmesh-serving',
  'change ConfigMap team-a/tc-config',
  'change Service team-a/modelmesh-serving',
  'change Deployment team-a/modelmesh-serving-mlserver',
];

describe('on the cluster of the original controller', () => {
  test('taking over changes what it finds and rolls no pod', async () => {
    const ran = await cluster.plan();
    assert.deepEqual([ran.code, headers(ran)], [2, ADOPTED]);
    assert.match(ran.out, /^ {2}takes over the fields of manager "manager"$/m);
    assert.match(ran.out, /^ {4}\+ {4}meshkeeper\.dev\/rendering-revision: "0"$/m);
    assert.match(ran.out, /^0 to create, 4 to change, 0 to delete\. No pods roll\.$/m);
    assert.equal(ran.err, 'note: the cluster has no kind ServiceMonitor: nothing is planned that depends on it\n');
  });

  test('another image rolls the pods, which hold the loaded models of its format', async () => {
    const ran = await cluster.plan('-f', fileOf(runtime('a/b:2', DISK)));
    assert.equal(ran.code, 3);
    assert.match(ran.out, /^ {2}rolls 4 pods holding 2 models: spec\.template\.spec\.containers\[1\]\.image$/m);
    assert.match(ran.out, /^ {4}@@ .* @@ spec\.template\.spec\.containers\.server$/m);
    assert.match(ran.out, /^ {4}- {10}image: a\/b:1\n {4}\+ {10}image: a\/b:2$/m);
    assert.match(ran.out, /4 pods would be replaced or removed\.$/m);
  });

  test('a field that is wanted no more rolls them too', async () => {
    const ran = await cluster.plan('-f', fileOf(runtime('a/b:1')));
    assert.equal(ran.code, 3);
    assert.match(ran.out, /^ {2}rolls 4 pods holding 2 models: spec\.template\.spec\.nodeSelector$/m);
    assert.match(ran.out, /^ {4}- {6}nodeSelector:\n {4}- {8}disk: ssd$/m);
  });

  test('what says nothing new changes nothing more', async () => {
    const ran = await cluster.plan('-f', fileOf(runtime('a/b:1', DISK), TEAM_A, model('three')));
    assert.deepEqual([ran.code, headers(ran)], [2, ADOPTED]);
  });

  test('a namespace that is enabled no more loses its pods', async () => {
    const ran = await cluster.plan('-f', fileOf(namespace('team-a')));
    assert.equal(ran.code, 3);
    assert.match(
      ran.out,
      /^delete Deployment team-a\/modelmesh-serving-mlserver\n {2}removes 4 pods holding 2 models$/m,
    );
  });

  test('of a Secret nothing is shown but that its copy would be another', async () => {
    const ran = await cluster.plan('-f', fileOf(secret('modelmesh-serving', 'elsewhere')));
    assert.equal(ran.code, 2);
    assert.match(
      ran.out,
      /^change Secret team-a\/model-serving-etcd\n {2}its data, which are not shown, are copied from Secret modelmesh-serving\/model-serving-etcd/m,
    );
    assert.ok(
      !ran.out.includes('elsewhere') && !ran.out.includes(Buffer.from('hidden').toString('base64').slice(0, 6)),
    );
  });

  test('a wrong configuration or runtime fails, with a word on each field', async () => {
    const config = await cluster.plan('--config', files.write('config.yaml', 'podsPerRuntime: many\n'));
    assert.deepEqual([config.code, config.out], [1, '']);
    assert.match(
      config.err,
      /^error: ConfigMap modelmesh-serving\/model-serving-config: podsPerRuntime: "many" is not/m,
    );
    const bad = runtime('a/b:1', { containers: [{ name: 'mm', image: 'x' }] });
    const ran = await cluster.plan('-f', fileOf(bad));
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^error: ServingRuntime team-a\/mlserver: Invalid runtime Spec: .*mm is reserved/m);
  });

  test('answers programs in JSON and YAML', async () => {
    const file = fileOf(runtime('a/b:2', DISK));
    const { out } = await cluster.plan('-f', file, '-o', 'json');
    const { changes } = JSON.parse(out) as { readonly changes: readonly JsonObject[] };
    const { diff, ...rolling } = changes.at(-1) ?? {};
    assert.ok(typeof diff === 'string' && diff.includes('image: a/b:2'));
    assert.deepEqual(rolling, {
      action: 'change',
      kind: 'Deployment',
      namespace: 'team-a',
      name: 'modelmesh-serving-mlserver',
      reason: 'Updated',
      pods: { does: 'rolls', pods: 4, models: 2, field: 'spec.template.spec.containers[1].image' },
      notes: ['takes over the fields of manager "manager"'],
    });
    assert.match(
      (await cluster.plan('-f', file, '-o', 'yaml')).out,
      /^ {6}field: spec\.template\.spec\.containers\[1\]\.image$/m,
    );
  });

  test('in namespace scope looks at one namespace only', async () => {
    const ran = await cluster.plan('--namespace-scope', '--own-namespace', 'team-a');
    assert.deepEqual(headers(ran), ADOPTED.slice(1));
    assert.match(ran.out, /^ {4}- {2}ownerReferences:$/m);
  });

  test('is the same as a plugin of kubectl', async () => {
    const ran = await cluster.kubectlPlugin('plan', '-f', fileOf(runtime('a/b:2', DISK)));
    assert.equal(ran.code, 3);
    assert.match(ran.out, /^ {2}rolls 4 pods holding 2 models: /m);
  });
});

describe('after the changes are made', () => {
  test('no pod rolled, and nothing is left to change', async () => {
    const before = await podTemplate();
    for (const object of await rendered()) await cluster.applyAsMeshkeeper(object);
    assert.deepEqual(await podTemplate(), before);
    const ran = await cluster.plan();
    assert.deepEqual([ran.code, ran.out], [0, 'No changes.\n']);
  });

  test('a new runtime is created beside the others, and shown whole', async () => {
    const other = { ...runtime('a/b:1'), metadata: { name: 'other', namespace: 'team-a' } };
    const ran = await cluster.plan('-f', fileOf(other));
    assert.deepEqual(
      [ran.code, headers(ran)],
      [2, ['change ConfigMap team-a/tc-config', 'create Deployment team-a/modelmesh-serving-other']],
    );
    assert.match(ran.out, /^ {4}\+ {4}"?rt:other"?:\n {4}\+ {6}required:$/m);
    assert.match(ran.out, /^ {4}\+kind: Deployment$/m);
  });

  test('what an apply takes away is what was shown', async () => {
    // A template that changes would move to the newest revision.
    const pinned = { annotations: { 'meshkeeper.dev/rendering-revision': '0' } };
    const changed = { ...runtime('a/b:1'), metadata: { ...runtime('a/b:1').metadata, ...pinned } };
    const preview = await cluster.plan('-f', fileOf(changed));
    assert.match(preview.out, /rolls 4 pods holding 2 models: spec\.template\.spec\.nodeSelector$/m);
    await cluster.apply(changed);
    for (const object of await rendered()) await cluster.applyAsMeshkeeper(object);
    assert.equal((await podTemplate()).spec['nodeSelector'], undefined);
    assert.equal((await cluster.plan()).code, 0);
  });

  test('a file is laid over what was applied on the side of the server, as over the rest', async () => {
    const named = (image: string, more: JsonObject = {}) => ({
      ...runtime(image, more),
      metadata: { name: 'ssa', namespace: 'team-a' },
    });
    await cluster.applyServerSide(named('a/b:1', DISK));
    const { out } = await cluster.plan('-f', fileOf(named('a/b:1')));
    assert.match(out, /^create Deployment team-a\/modelmesh-serving-ssa$/m);
    assert.ok(!out.includes('disk: ssd'));
  });

  test('a runtime without models loses its pods later, which is reported', async () => {
    const ran = await cluster.plan('-f', fileOf(runtime('a/b:1', { supportedModelFormats: [] })));
    assert.match(ran.err, /^note: no model of team-a needs runtime mlserver: its pods go within 60 s$/m);
  });
});
