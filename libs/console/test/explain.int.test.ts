import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FORM,
  KINDS,
  MESH_SOURCE,
  toChange,
  toRecordChange,
  type Change,
  type Explanation,
  type KindName,
  type KubeObject,
} from '@meshkeeper/domain';
import { connectRedis, initialiseLog, Recorder, type EventLogOptions } from '@meshkeeper/event-log';
import { startRedis, type RedisServer } from '@meshkeeper/sandbox';
import { createRegistry } from '@meshkeeper/metrics';
import { startHttp, type HttpServer } from '@meshkeeper/process';
import { createDueQueue, QUEUE_NAMES, type DueQueue } from '@meshkeeper/work-queue';
import { createGuard, OPEN_TO_ALL, type Guard } from '../src/guard.ts';
import { addRoutes } from '../src/routes.ts';

const PREFIX = '{meshkeeper}';
const CONTEXT = { ownNamespace: 'modelmesh-serving', etcdSecretName: 'model-serving-etcd' };
const KEY = 'predictor/team-a/isvc/digits';
const folder = mkdtempSync(join(tmpdir(), 'console-int-'));

let redisServer: RedisServer;
let log: EventLogOptions;
let recorder: Recorder;
let queue: DueQueue;
let http: HttpServer;
let guard: Guard = OPEN_TO_ALL;
let revision = 1;

beforeAll(async () => {
  redisServer = await startRedis({ folder });
  const redis = connectRedis({ url: redisServer.url });
  await initialiseLog(redis, PREFIX);
  log = { redis, prefix: PREFIX, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: 0 };
  recorder = new Recorder(log);
  queue = createDueQueue({ redis, prefix: PREFIX });
  const options = {
    log,
    context: CONTEXT,
    guard: ((...asked) => guard(...asked)) satisfies Guard,
    queues: queue.queues,
  };
  http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    registry: createRegistry(),
    live: () => undefined,
    ready: () => undefined,
    routes: (app) => addRoutes(app, options),
  });
  for (const source of [...Object.values(KINDS).map((kind) => kind.source), MESH_SOURCE]) await openSource(source);
});
beforeEach(() => {
  guard = OPEN_TO_ALL;
});
afterAll(async () => {
  await Promise.all([http.stop(), queue.stop()]);
  log.redis.disconnect();
  await redisServer.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Opened, and listed whole: nothing is there yet. */
async function openSource(source: string): Promise<void> {
  const server = { identity: 'server', head: '1' };
  const opened = await recorder.openSource(source, server, await recorder.sourceState(source));
  assert.ok(opened.status === 'ok');
  const list = { id: `list-${source}`, pages: 0, revision: '1' };
  await recorder.recordPage(source, opened.epoch, list, []);
  await recorder.finishList(source, opened.epoch, { ...list, pages: 1 });
}

async function record(source: string, make: (revision: string) => Change): Promise<void> {
  const { cursor, epoch } = await recorder.sourceState(source);
  const to = String((revision += 1));
  const { status } = await recorder.recordWatch(source, epoch, cursor, to, [make(to)]);
  assert.equal(status, 'ok');
}

const see = (kind: KindName, { metadata, ...object }: KubeObject): Promise<void> =>
  record(KINDS[kind].source, (resourceVersion) =>
    toChange(kind, { ...object, metadata: { ...metadata, resourceVersion } }, CONTEXT),
  );

const isvc = (path: string, manager: string, time: string): KubeObject => ({
  metadata: {
    name: 'digits',
    namespace: 'team-a',
    annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    managedFields: [{ manager, operation: 'Apply', time }],
  },
  spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storage: { key: 'minio', path } } } },
});
const runtime = (name: string, formats: readonly string[], more: object = {}): KubeObject => ({
  metadata: { name },
  spec: {
    multiModel: true,
    supportedModelFormats: formats.map((format) => ({ name: format, autoSelect: true })),
    ...more,
  },
});

type Answer = { readonly code: number; readonly body: unknown };
async function get(path: string, token?: string): Promise<Answer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${http.address}${path}`, { headers });
  return { code: answer.status, body: await answer.json() };
}
async function explained(): Promise<Explanation> {
  const { code, body } = await get('/api/explain/team-a/isvc/digits');
  assert.equal(code, 200, JSON.stringify(body));
  return body as Explanation;
}
const openGate = async (): Promise<string> => {
  const gate = (await explained()).gates.find(({ state }) => state === 'open');
  return `${gate?.name} ${gate?.reason}`;
};

describe('the console explains', () => {
  test('each gate as it opens, up to a copy that loads', async () => {
    assert.equal(await openGate(), 'object NoSuchObject');
    await see('inferenceServices', isvc('a', 'kubectl', '2026-06-01T12:00:00Z'));
    assert.equal(await openGate(), 'namespace NamespaceNotEnabled');
    await see('namespaces', { metadata: { name: 'team-a', labels: { 'modelmesh-enabled': 'true' } } });
    await see('clusterServingRuntimes', runtime('mlserver', ['sklearn']));
    assert.equal(await openGate(), 'runtime NoSupportingRuntime');
    await see('clusterServingRuntimes', runtime('triton', ['onnx']));
    assert.equal(await openGate(), 'storage StorageEntryMissing');
    const decoded = { claims: [], entries: { minio: { type: 's3' } } };
    await see('storageSecrets', { metadata: { name: 'storage-config', namespace: 'team-a' }, decoded });
    assert.equal(await openGate(), 'pods RuntimeUnhealthy');
    const env = [{ name: 'MM_LABELS', value: 'mt:onnx,rt:triton' }];
    await see('deployments', {
      metadata: { name: 'modelmesh-serving-triton', namespace: 'team-a' },
      spec: { template: { spec: { containers: [{ name: 'mm', env }] } } },
      status: { readyReplicas: 1 },
    });
    await see('endpointSlices', {
      metadata: {
        name: 's',
        namespace: 'team-a',
        labels: { 'kubernetes.io/service-name': 'modelmesh-serving' },
      },
      ports: [{ name: 'grpc', port: 8033 }],
      endpoints: [{ addresses: ['10.64.0.3'], conditions: { ready: true } }],
    });
    assert.equal(await openGate(), 'registered NotRegistered');
    const { models } = await explained();
    const target = models[0]?.modelId ?? '';
    const seeRecord = (table: 'vmodels' | 'registry', id: string, value: object): Promise<void> =>
      record(MESH_SOURCE, (at) =>
        toRecordChange({ namespace: 'team-a', table, id, value: JSON.stringify(value), revision: at }),
      );
    await seeRecord('vmodels', 'digits', { o: 'isvc', amid: target, tmid: target });
    assert.equal(await openGate(), 'loading ModelNotLoaded');
    await seeRecord('registry', target, { type: 'mt:onnx', instanceIds: { '87f6fc-6rwf9': 1_780_000_000_000 } });
    assert.equal(await openGate(), 'loaded ModelLoading');
    const { models: held, gates } = await explained();
    assert.equal(held[0]?.copies[0]?.instance, '87f6fc-6rwf9');
    const runtimes = gates.find(({ name }) => name === 'runtime')?.details;
    assert.deepEqual(runtimes, [
      { about: 'ClusterServingRuntime mlserver', says: 'supports sklearn, but onnx was requested' },
      { about: 'ClusterServingRuntime triton', says: 'serves it' },
    ]);
  });

  test('who changed which field, and what was written then', async () => {
    await see('inferenceServices', isvc('b', 'argocd', '2026-06-01T13:00:00Z'));
    const [cause = ''] = await log.redis.lrange(`${PREFIX}:history:${KEY}`, 0, 0);
    const effect = { key: KEY, fencingToken: 5, write: 'setVModel digits to x', reason: 'Registered', outcome: 'ok' };
    const note = {
      op: 'note',
      namespace: 'team-a',
      name: 'vmodels/digits',
      revision: '0',
      body: '',
      facts: '',
    } as const;
    const nothing = { keys: [], wakes: [], indexes: [] };
    const { epoch } = await recorder.sourceState(MESH_SOURCE);
    await recorder.recordEffect(MESH_SOURCE, epoch, { ...effect, cause: [cause] }, { ...note, ...nothing });
    const [episode] = (await explained()).chain;
    assert.equal(episode?.run, 5);
    assert.deepEqual(
      episode?.changes.map(({ what, by, fields }) => [what, by, fields]),
      [
        [
          'InferenceService team-a/digits',
          ['argocd'],
          [{ field: 'spec.predictor.model.storage.path', from: '"a"', to: '"b"' }],
        ],
      ],
    );
    assert.deepEqual(
      episode?.writes.map(({ what, outcome }) => [what, outcome]),
      [['setVModel digits to x', 'ok']],
    );
  });

  test('a runtime', async () => {
    const { code, body } = await get('/api/explain/team-a/runtime/triton');
    const { kind, neededBy } = body as { readonly kind: string; readonly neededBy: readonly string[] };
    assert.deepEqual([code, kind, neededBy], [200, 'ClusterServingRuntime', ['mt:onnx']]);
  });

  test('nothing else, and says so', async () => {
    assert.equal((await get('/api/explain/team-a/pod/x')).code, 404);
    assert.equal((await get('/api/keys/nothing')).code, 404);
    assert.equal((await get(`/api/keys/${KEY}`)).code, 200);
  });
});

describe('with the caller’s own rights', () => {
  const withRights = (): void => {
    guard = createGuard({
      whoIs: async (token) => (token === 'good' ? { username: 'ann' } : undefined),
      may: async (_caller, { namespace, resource }) => namespace === 'team-a' && resource === 'inferenceservices',
    });
  };

  test('it answers what kubectl would show, and refuses the rest in one sentence', async () => {
    withRights();
    assert.equal((await get('/api/explain/team-a/isvc/digits', 'good')).code, 200);
    assert.deepEqual(await get('/api/explain/team-b/isvc/digits', 'good'), {
      code: 403,
      body: { error: 'ann may not get inferenceservices.serving.kserve.io digits in namespace team-b.' },
    });
    assert.equal((await get('/api/explain/team-a/runtime/triton', 'good')).code, 403);
    assert.equal((await get(`/api/keys/${KEY}`, 'good')).code, 403);
    assert.equal((await get('/api/explain/team-a/isvc/digits', 'bad')).code, 401);
    assert.equal((await get('/api/explain/team-a/isvc/digits')).code, 401);
  });
});
