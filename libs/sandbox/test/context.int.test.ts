import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { request } from 'undici';
import {
  startOnContext,
  startRedis,
  startSandbox,
  waitFor,
  type OnContextOptions,
  type Sandbox,
} from '../src/index.ts';

const REPOSITORY = join(import.meta.dirname, 'fixtures', 'repository');
const NAMESPACE = 'modelmesh-serving';
const folder = mkdtempSync(join(tmpdir(), 'context-test-'));
let sandbox: Sandbox;

function options(more: Partial<OnContextOptions> = {}, env: Readonly<Record<string, string>> = {}): OnContextOptions {
  const base = { PATH: process.env['PATH'], KUBECONFIG: sandbox.kubeconfig, DIAL_LOOPBACK_ALIAS: 'true', ...env };
  return { context: 'sandbox', folder: join(folder, 'context'), root: REPOSITORY, replicas: 1, env: base, ...more };
}

async function applied<T>(manifest: object, work: () => Promise<T>): Promise<T> {
  const file = join(folder, 'object.json');
  writeFileSync(file, JSON.stringify(manifest));
  await sandbox.kubectl(['apply', '-f', file]);
  try {
    return await work();
  } finally {
    await sandbox.kubectl(['delete', '--now', '-f', file]);
  }
}

/** The check refuses with this sentence, and starts nothing. */
async function refuses(given: OnContextOptions, message: string | RegExp): Promise<void> {
  await assert.rejects(startOnContext(given), { message });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name === 'context'),
    [],
  );
}

beforeAll(async () => {
  sandbox = await startSandbox({ folder: join(folder, 'sandbox'), root: REPOSITORY, processes: false });
});

afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a running pod of the original controller is refused', async () => {
  const spec = { containers: [{ name: 'manager', image: 'kserve/modelmesh-controller:v0.12.0' }] };
  const labels = { 'control-plane': 'modelmesh-controller' };
  const metadata = { name: 'its-controller', namespace: NAMESPACE, labels };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  await applied(pod, async () => {
    const phase = ['-n', NAMESPACE, 'get', 'pod', 'its-controller', '-o', 'jsonpath={.status.phase}'];
    await waitFor(async () => (await sandbox.kubectl(phase)) === 'Running', {
      timeoutMs: 10_000,
      what: 'the pod to run',
    });
    await refuses(
      options(),
      `The original controller runs as Pod ${NAMESPACE}/its-controller: scale it to zero first.`,
    );
  });
});

test('a fresh lease of the original controller is refused, an old one is not', async () => {
  const lease = (renewed: Date): object => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'modelmesh-controller-leader-lock', namespace: NAMESPACE },
    spec: {
      holderIdentity: 'somewhere_else',
      leaseDurationSeconds: 15,
      renewTime: `${renewed.toISOString().slice(0, -1)}000Z`,
    },
  });
  const sentence = `The original controller holds Lease ${NAMESPACE}/modelmesh-controller-leader-lock: scale it to zero and wait 15 s.`;
  await applied(lease(new Date()), () => refuses(options(), sentence));
  await applied(lease(new Date(Date.now() - 60_000)), async () => {
    const running = await startOnContext(options());
    await running.stop();
    rmSync(join(folder, 'context'), { recursive: true });
  });
});

test('an API server that does not answer is named', async () => {
  const file = join(folder, 'dead.kubeconfig');
  const config = {
    contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'dead' } }],
    clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:9' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  await refuses(
    options({ context: 'dead' }, { KUBECONFIG: file }),
    'GET /version: the API server https://127.0.0.1:9 does not answer (connect ECONNREFUSED 127.0.0.1:9)',
  );
});

test('an unknown context is named', async () => {
  await refuses(options({ context: 'nowhere' }), 'The kubeconfig has no context nowhere; it has sandbox');
});

test('a missing etcd Secret and an etcd out of reach are named', async () => {
  const sentence = `The Secret ${NAMESPACE}/absent with key etcd_connection is missing: it says where the mesh's etcd is.`;
  await refuses(options({}, { ETCD_SECRET_NAME: 'absent' }), sentence);
  const stringData = {
    etcd_connection: JSON.stringify({ endpoints: 'http://127.0.0.1:9,http://127.0.0.1:10', root_prefix: 'x' }),
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'elsewhere', namespace: NAMESPACE },
    stringData,
  };
  const unreachable =
    "The mesh's etcd cannot be reached from here at 127.0.0.1:9 (ECONNREFUSED), 127.0.0.1:10 (ECONNREFUSED).";
  await applied(secret, () => refuses(options({}, { ETCD_SECRET_NAME: 'elsewhere' }), unreachable));
});

test('a mesh whose pods cannot be reached is named', async () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'mesh', namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': 'modelmesh-serving' } },
    addressType: 'IPv4',
    ports: [{ name: 'grpc', port: 8033, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.127.255.1'], conditions: { ready: true } }],
  };
  await applied(slice, () =>
    refuses(options(), 'The mesh cannot be reached from here at 127.127.255.1:8033 (ECONNREFUSED).'),
  );
});

test('a Redis of the user that would drop records is refused, one that is not there too', async () => {
  const redis = await startRedis({
    folder: join(folder, 'redis'),
    args: ['--maxmemory-policy', 'allkeys-lru', '--requirepass', 'secret word'],
  });
  const at = `127.0.0.1:${redis.port}`;
  const url = (password: string): Readonly<Record<string, string>> => ({ REDIS_URL: `redis://:${password}@${at}` });
  const dropping = `Redis at ${at} has maxmemory-policy allkeys-lru and would drop records when it is full: set it to noeviction.`;
  try {
    await refuses(options({}, url('secret%20word')), dropping);
  } finally {
    await redis.stop();
  }
  await refuses(options({}, url('any')), `Redis at ${at} cannot be used: ECONNREFUSED`);
});

test('our processes run against a cluster with the context and a Redis of their own', async () => {
  const other = join(folder, 'other.kubeconfig');
  writeFileSync(other, JSON.stringify({ contexts: [], clusters: [], users: [] }));
  const kubeconfig = [other, sandbox.kubeconfig].join(delimiter);
  const running = await startOnContext(options({}, { KUBECONFIG: kubeconfig }));
  const reconciler = running.processes().find((each) => each.name === 'reconciler-1');
  const environment = (await (await request(`${reconciler?.url}/env`)).body.json()) as Readonly<Record<string, string>>;
  const { KUBECONFIG, KUBE_CONTEXT, REDIS_URL } = environment;
  assert.deepEqual({ KUBECONFIG, KUBE_CONTEXT }, { KUBECONFIG: kubeconfig, KUBE_CONTEXT: 'sandbox' });
  assert.match(REDIS_URL ?? '', /^redis:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(
    running.processes().map((each) => each.name),
    ['kube-watcher-1', 'mesh-watcher-1', 'reconciler-1', 'reconciler-2', 'console'],
  );
  await running.stop();
  assert.deepEqual(
    running.processes().map((each) => each.pid),
    Array.from({ length: 5 }, () => undefined),
  );
});

test('a user who lacks a permission learns which verb on which resource, and nothing is started', async () => {
  await sandbox.kubectl(['create', 'serviceaccount', 'stranger']);
  const token = (await sandbox.kubectl(['create', 'token', 'stranger'])).trim();
  const file = join(folder, 'stranger.kubeconfig');
  const config = JSON.parse(await sandbox.kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    users: { user: object }[];
  };
  for (const entry of config.users) entry.user = { token };
  writeFileSync(file, JSON.stringify(config));
  const message = "Missing permission: this context's user may not get namespaces.";
  const given = options({ folder: join(folder, 'of-stranger') }, { KUBECONFIG: file });
  await assert.rejects(startOnContext(given), { message });
  assert.ok(!readdirSync(folder).includes('of-stranger'));
});
