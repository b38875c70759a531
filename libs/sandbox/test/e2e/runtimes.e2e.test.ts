import assert from 'node:assert/strict';
import { loopbackAlias } from '@meshkeeper/settings';
import { waitFor } from '../../src/index.ts';
import { infer } from './infer.ts';
import { inferenceService, kubectlOf, startCluster, wordsOf, type Cluster, type Status } from './model-objects.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const OWN = 'modelmesh-serving';
const { kubectl, get, apply: applyOne, configure, replicasOf } = kubectlOf(() => cluster);
const apply = (...items: readonly object[]): Promise<string> => applyOne({ apiVersion: 'v1', kind: 'List', items });

type Event = {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
};
async function eventsAbout(kind: string, name: string, namespace = OWN): Promise<readonly Event[]> {
  const { items } = await get<{ readonly items: readonly Event[] }>('events.v1.events.k8s.io', '-n', namespace);
  return items.filter(({ regarding }) => regarding.kind === kind && regarding.name === name);
}

function model(name: string, namespace: string, spec: object = { modelFormat: { name: 'onnx' } }): object {
  const object = inferenceService(name, 'SIZE_1000_50_0') as { readonly metadata: object };
  const storage = { key: 'k', path: 'SIZE_1000_50_0' };
  return {
    ...object,
    metadata: { ...object.metadata, namespace },
    spec: { predictor: { model: { storage, ...spec } } },
  };
}

async function untilShown(name: string, namespace: string, words: RegExp, timeoutMs = 40_000): Promise<Status> {
  return waitFor(
    async () => {
      const { status = {} } = await get<{ readonly status?: Status }>('isvc', name, '-n', namespace);
      return words.test(`${wordsOf(status)} ${status.modelStatus?.lastFailureInfo?.reason ?? ''}`) ? status : undefined;
    },
    { timeoutMs, what: `${name} to show ${words}` },
  );
}

const CONFIG = 'podsPerRuntime: 1\nrestProxy: {enabled: false}\nmetrics: {scheme: http}\n';
const SCALING = `${CONFIG}scaleToZero: {enabled: true, gracePeriodSeconds: 3}\n`;

function runtime(name: string, format: string, more: object = {}): object {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name, namespace: OWN },
    spec: {
      multiModel: true,
      grpcEndpoint: 'port:8085',
      supportedModelFormats: [{ name: format, autoSelect: true }],
      containers: [{ name: 'server', image: 'a/b:1' }],
      ...more,
    },
  };
}

test('a request that enters at any pod, of whatever runtime, is answered by a pod that holds the model', async () => {
  await apply(model('asked', OWN));
  const { components } = await untilShown('asked', OWN, /^True UpToDate Loaded/);
  type Pods = {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly status: { readonly podIP: string };
    }[];
  };
  const { items } = await get<Pods>('pods', '-n', OWN, '-l', 'modelmesh-service=modelmesh-serving');
  assert.ok(items.length > 1, `${items.length} pods`);
  const answers = await Promise.all(items.map(({ status }) => infer(loopbackAlias(status.podIP), 'asked')));
  const servedModel = components?.predictor?.latestReadyRevision;
  for (const answer of answers) assert.deepEqual(answer, { servedBy: answers[0]?.servedBy, servedModel });
  assert.ok(items.some(({ metadata }) => metadata.name.endsWith(answers[0]?.servedBy ?? '-')));
  await kubectl('delete', 'isvc', 'asked');
});

test('a runtime without models gives up its pods after the grace period, as soon as the configuration says so', async () => {
  assert.equal(await replicasOf('triton-2.x'), 1);
  const before = Date.now();
  await configure(SCALING);
  await waitFor(async () => (await replicasOf('triton-2.x')) === 0, {
    timeoutMs: 20_000,
    what: 'triton to be scaled to 0',
  });
  assert.ok(Date.now() - before >= 3_000, 'no earlier than the grace period');
  assert.equal(await replicasOf('mlserver-1.x'), 1, 'the runtime of the sample keeps its pods');
});

test('a namespace that is labelled serves models from an etcd prefix of its own, with the first model bringing up its runtime', async () => {
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a', labels: { 'modelmesh-enabled': 'true' } } },
    model('first', 'team-a'),
  );
  await untilShown('first', 'team-a', /^True UpToDate Loaded/);
  type Secret = { readonly metadata: { readonly labels: object }; readonly data: Readonly<Record<string, string>> };
  const { metadata, data } = await get<Secret>('secret', 'model-serving-etcd', '-n', 'team-a');
  assert.deepEqual(metadata.labels, { 'app.kubernetes.io/managed-by': 'modelmesh-controller' });
  const connection = JSON.parse(Buffer.from(data['etcd_connection'] ?? '', 'base64').toString()) as object;
  assert.deepEqual(connection, {
    endpoints: cluster.sandbox.meshEtcdUrl,
    root_prefix: 'modelmesh-serving/mm_ns/team-a',
  });
  assert.deepEqual([await replicasOf('triton-2.x', 'team-a'), await replicasOf('mlserver-1.x', 'team-a')], [1, 0]);
});

test('all of it goes when the label does', async () => {
  await kubectl('label', 'namespace', 'team-a', 'modelmesh-enabled-');
  const left = async (): Promise<string> =>
    kubectl('get', 'deployments,services,secrets,configmaps', '-n', 'team-a', '-o', 'name');
  await waitFor(async () => (await left()).trim() === 'configmap/kube-root-ca.crt', {
    timeoutMs: 20_000,
    what: 'the objects of team-a to go',
  });
});

test('a runtime that comes after its model serves it, and the model is not ready once it is gone again (ms#352, ms#279)', async () => {
  await apply(model('named', OWN, { modelFormat: { name: 'x' }, runtime: 'late' }));
  await untilShown('named', OWN, /^False .* RuntimeNotRecognized$/);
  await apply(runtime('late', 'x'));
  await untilShown('named', OWN, /^True UpToDate Loaded/);
  await kubectl('delete', 'servingruntime', 'late');
  await untilShown('named', OWN, /^False /);
  await kubectl('delete', 'isvc', 'named');
});

test('a wrong configuration is said on its ConfigMap, and the last good one stays in force', async () => {
  await configure(`${SCALING.replace('podsPerRuntime: 1', 'podsPerRuntime: 70000')}podPerRuntime: 3\n`);
  const said = await waitFor(
    async () => {
      const events = await eventsAbout('ConfigMap', 'model-serving-config');
      return events.length > 0 && events;
    },
    { timeoutMs: 10_000, what: 'an Event on the ConfigMap' },
  );
  assert.deepEqual(
    said.map(({ reason }) => reason),
    ['InvalidConfiguration'],
  );
  assert.match(said[0]?.note ?? '', /^podsPerRuntime: 70000 .*\(the last good configuration stays in force\)$/);
  await apply(runtime('during', 'during'), model('during', OWN, { modelFormat: { name: 'during' } }));
  await untilShown('during', OWN, /^True UpToDate Loaded/);
  assert.equal(await replicasOf('during'), 1);
  await configure(`${SCALING}podPerRuntime: 3\n`);
  await waitFor(
    async () =>
      (await eventsAbout('ConfigMap', 'model-serving-config')).some(
        ({ reason, note }) => reason === 'ConfigurationWarning' && note.includes('podsPerRuntime'),
      ),
    {
      timeoutMs: 10_000,
      what: 'the unknown key to be named with the nearest known one',
    },
  );
});

test('a Deployment that is modified externally is restored, with an Event', async () => {
  await kubectl('set', 'image', `deployment/${OWN}-during`, 'mm=evil/mesh:1');
  const said = await waitFor(
    async () => {
      const events = await eventsAbout('ServingRuntime', 'during');
      return events.find(({ reason }) => reason === 'DriftRepaired');
    },
    { timeoutMs: 15_000, what: 'the repair to be said' },
  );
  assert.match(
    said.note,
    /^Deployment modelmesh-serving-during: spec\.template\.spec\.containers\[1\]\.image was modified externally by kubectl-set and has been restored$/,
  );
  const text = await kubectl(
    'get',
    'deployment',
    `${OWN}-during`,
    '-o',
    'jsonpath={.spec.template.spec.containers[?(@.name=="mm")].image}',
  );
  assert.equal(text, 'kserve/modelmesh:latest');
});

test('a runtime that cannot be served gets an Event, once, and others are served', async () => {
  const { spec, ...broken } = runtime('broken', 'y') as { readonly spec: { readonly grpcEndpoint?: string } };
  const { grpcEndpoint: _, ...rest } = spec;
  await apply({ ...broken, spec: rest }, runtime('fine', 'z'), model('fine', OWN, { modelFormat: { name: 'z' } }));
  await untilShown('fine', OWN, /^True UpToDate Loaded/);
  await apply({ ...broken, spec: { ...rest, protocolVersions: ['v2'] } });
  await untilShown('fine', OWN, /^True /);
  const said = await eventsAbout('ServingRuntime', 'broken');
  assert.deepEqual(
    said.map(({ reason, note }) => `${reason}: ${note}`),
    ['InvalidRuntime: Invalid runtime Spec: spec.grpcEndpoint is required: port:N or unix:PATH'],
  );
});
