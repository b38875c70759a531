import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { startSandbox, waitFor, type Sandbox } from '../src/index.ts';
import { processIdentity } from '../src/process-record.ts';
import { portIsFree } from '../src/free-port.ts';
import type { Pod } from '../src/kube/objects.ts';
import { claimAddressRange } from '../src/address-range.ts';

const folder = mkdtempSync(join(tmpdir(), 'node-test-'));
const PODS = '/api/v1/namespaces/default/pods';
let sandbox: Sandbox;
let client: KubeTransport;

const options = {
  folder,
  root: import.meta.dirname,
  deploy: join(import.meta.dirname, 'fixtures', 'deploy'),
  processes: false,
  programs: [
    { image: 'example/echo', command: ['node', 'fixtures/programs/echo-server.ts'] },
    { place: 'model-server', command: ['node', '../../../apps/scripted-runtime/src/main.ts'] },
  ],
} as const;

beforeAll(async () => {
  sandbox = await startSandbox(options);
  client = new KubeTransport({ access: kubeAccess({ file: sandbox.kubeconfig }) });
});

afterAll(async () => {
  await client.stop();
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const probe = (path: string): object => ({ httpGet: { path, port: 'http' }, periodSeconds: 1, timeoutSeconds: 1 });

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'echo' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'echo' } },
    template: {
      metadata: { labels: { app: 'echo' } },
      spec: {
        terminationGracePeriodSeconds: 3,
        containers: [
          {
            name: 'echo',
            image: 'example/echo:1',
            args: ['--peer=localhost:9000', '--name=$(POD_NAME)', '/etc/given/word'],
            ports: [{ name: 'http', containerPort: 8089 }],
            env: [
              { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'requests.memory' } } },
              { name: 'FILE', value: '/etc/given/word' },
              { name: 'URL', value: 'http://127.0.0.1:8033/models' },
            ],
            resources: { requests: { memory: '96Mi' } },
            readinessProbe: { ...probe('/ready'), initialDelaySeconds: 5 },
            livenessProbe: { ...probe('/live'), initialDelaySeconds: 2, failureThreshold: 1 },
            volumeMounts: [{ name: 'given', mountPath: '/etc/given' }],
          },
          { name: 'other', image: 'example/nothing-local:1' },
        ],
        volumes: [{ name: 'given', secret: { secretName: 'given' } }],
      },
    },
  },
};

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo' },
  spec: { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 8089 }] },
};

async function pods(): Promise<readonly Pod[]> {
  return (
    await client.call<{ readonly items: readonly Pod[] }>({ method: 'GET', path: `${PODS}?labelSelector=app%3Decho` })
  ).items;
}

async function readyPods(): Promise<readonly Pod[]> {
  const isReady = (pod: Pod): boolean =>
    pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
  return (await pods()).filter(isReady);
}

type Echo = {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly content: string;
  readonly cwd: string;
};

async function ask(pod: Pod, path = '/'): Promise<Echo> {
  const answer = await request(`http://${pod.status.podIP?.replace('10.', '127.')}:8089${path}`);
  return (await answer.body.json()) as Echo;
}

test('a Pod waits for the Secret it needs, then runs and becomes ready', async () => {
  await client.call({ method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', body: deployment });
  const waiting = await waitFor(
    async () =>
      (await pods()).find((pod) => pod.status.conditions?.some((each) => /Secret given/.test(each.message ?? ''))),
    {
      timeoutMs: 20_000,
      what: 'a Pod that says which Secret it waits for',
    },
  );
  assert.equal(waiting.status.phase, 'Pending');
  await client.call({
    method: 'POST',
    path: '/api/v1/namespaces/default/secrets',
    body: { metadata: { name: 'given' }, stringData: { word: 'hello' } },
  });
  const ready = await waitFor(async () => ((await readyPods()).length === 2 ? readyPods() : undefined), {
    timeoutMs: 20_000,
    what: 'two ready Pods',
  });
  for (const pod of ready) assert.match(pod.status.podIP ?? '', /^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/);
  assert.equal(new Set(ready.map((pod) => pod.status.podIP)).size, 2);
});

test('the local program gets arguments, environment and files as a container would, on its twin', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  const echo = await ask(pod);
  const twin = pod.status.podIP?.replace('10.', '127.');
  const own = join(folder, 'pods', `default_${pod.metadata.name}_${pod.metadata.uid}`);
  const file = join(own, 'volumes', 'given', 'word');
  assert.deepEqual(echo.args, [`--peer=${twin}:9000`, `--name=${pod.metadata.name}`, file]);
  assert.equal(echo.content, 'hello');
  assert.equal(echo.cwd, join(own, 'work', 'echo'));
  const { POD_IP, MEMORY, FILE, URL, DIAL_LOOPBACK_TWIN } = echo.env;
  assert.deepEqual(
    { POD_IP, MEMORY, FILE, URL, DIAL_LOOPBACK_TWIN },
    {
      POD_IP: pod.status.podIP,
      MEMORY: String(96 * 1024 * 1024),
      FILE: file,
      URL: `http://${twin}:8033/models`,
      DIAL_LOOPBACK_TWIN: 'true',
    },
  );
});

test('the EndpointSlice of a Service lists the addresses of ready Pods', async () => {
  await client.call({ method: 'POST', path: '/api/v1/namespaces/default/services', body: service });
  type Slices = {
    readonly items: readonly {
      readonly endpoints:
        | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready: boolean } }[]
        | null;
    }[];
  };
  const listed = await waitFor(
    async () => {
      const slices = await client.call<Slices>({
        method: 'GET',
        path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Decho',
      });
      const ready = slices.items
        .flatMap((slice) => slice.endpoints ?? [])
        .filter((endpoint) => endpoint.conditions.ready);
      return ready.length === 2 ? ready.flatMap((endpoint) => endpoint.addresses).sort() : undefined;
    },
    { timeoutMs: 20_000, what: 'two endpoints' },
  );
  assert.deepEqual(listed, (await readyPods()).map((pod) => pod.status.podIP ?? '').sort());
});

test('a changed Secret reaches the files of a running Pod', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  await client.call({
    method: 'PATCH',
    path: '/api/v1/namespaces/default/secrets/given',
    contentType: 'application/merge-patch+json',
    body: { stringData: { word: 'again' } },
  });
  await waitFor(async () => (await ask(pod)).content === 'again', { timeoutMs: 15_000, what: 'the new content' });
});

test('a container that fails its liveness probe is started again, and counted', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  const { pid } = await ask(pod, '/break');
  const restarted = await waitFor(
    async () => {
      const now = (await readyPods()).find((each) => each.metadata.uid === pod.metadata.uid);
      return now?.status.containerStatuses?.find((status) => status.name === 'echo' && status.restartCount === 1);
    },
    { timeoutMs: 20_000, what: 'the restarted container to be ready' },
  );
  assert.equal(restarted.lastState?.terminated?.exitCode, 137);
  assert.notEqual((await ask(pod)).pid, pid);
});

test('at rest the node writes nothing but its heartbeat', async () => {
  const writes = (): readonly string[] =>
    readFileSync(sandbox.auditLog, 'utf8')
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            readonly user: { readonly username: string };
            readonly objectRef: { readonly resource: string };
          },
      )
      .filter((event) => event.user.username === 'system:node:sandbox' && event.objectRef.resource !== 'leases')
      .map((event) => event.objectRef.resource);
  const before = writes();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  assert.deepEqual(writes().slice(before.length), []);
});

test('beside a mesh a model server listens where the mesh dials, on ports and sockets, unprobed', async () => {
  const mounts = [{ name: 'domain-socket', mountPath: '/sockets' }];
  const env = [
    { name: 'INTERNAL_GRPC_PORT', value: '8086' },
    { name: 'INTERNAL_SERVING_GRPC_SOCKET_PATH', value: '/sockets/data.sock' },
  ];
  const never = { httpGet: { path: '/', port: 1 }, periodSeconds: 1, failureThreshold: 1 };
  const containers = [
    { name: 'mm', image: 'example/nothing-local:1', env, volumeMounts: mounts },
    { name: 'server', image: 'example/nothing-local:2', readinessProbe: never, livenessProbe: never },
  ];
  const spec = { containers, volumes: [{ name: 'domain-socket', emptyDir: {} }], terminationGracePeriodSeconds: 3 };
  await client.call({
    method: 'POST',
    path: PODS,
    body: { metadata: { name: 'with-a-mesh', labels: { app: 'mesh' } }, spec },
  });
  const pod = await waitFor(
    async () => {
      const found = await client.call<Pod>({ method: 'GET', path: `${PODS}/with-a-mesh` });
      return found.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') && found;
    },
    { timeoutMs: 20_000, what: 'the Pod to be ready' },
  );
  const socket = join(folder, 'sockets', pod.metadata.uid.slice(0, 8), 'data.sock');
  const host = pod.status.podIP?.replace('10.', '127.') ?? '';
  for (const target of [{ host, port: 8086 }, { path: socket }]) {
    await waitFor(() => accepts(target), { timeoutMs: 10_000, what: `a listener on ${JSON.stringify(target)}` });
  }
  await client.call({ method: 'DELETE', path: `${PODS}/with-a-mesh` });
  await waitFor(() => !existsSync(socket), { timeoutMs: 10_000, what: 'the socket to go' });
});

function accepts(target: NetConnectOpts): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(target, () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

test('kubectl logs gives what a container said in this life, and in the one before', async () => {
  const [pod] = (await readyPods()).filter(({ status }) =>
    status.containerStatuses?.some(({ restartCount }) => restartCount === 1),
  );
  assert.ok(pod !== undefined);
  const { pid } = await ask(pod, '/asked');
  const logs = (...more: readonly string[]) =>
    sandbox.kubectl(['logs', '-n', 'default', pod.metadata.name, '-c', 'echo', ...more]);
  const lines = (text: string) => text.trim().split('\n');
  await waitFor(async () => (await logs()).includes('/asked'), { timeoutMs: 5_000, what: 'the line of the request' });
  const [now, before, last] = [lines(await logs()), lines(await logs('--previous')), lines(await logs('--tail=1'))];
  assert.deepEqual([now.every((line) => line.startsWith(`${pid} `)), last.length], [true, 1]);
  assert.ok(before.some((line) => line.endsWith(' /break')));
  await assert.rejects(logs('-c', 'other'), /NotFound/);
});

test('hooks and probes of a container are done outside of it as they would be within', async () => {
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }];
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const exec = (...command: readonly string[]) => ({ exec: { command } });
  const echo = {
    name: 'echo',
    image: 'example/echo:1',
    env,
    volumeMounts,
    lifecycle: { postStart: exec('touch', '/shared/started'), preStop: { httpGet: { path: '/bye', port: 8089 } } },
    startupProbe: { ...exec('test', '-e', '/shared/started'), periodSeconds: 1 },
    readinessProbe: { ...exec('test', '-e', '/shared/allowed'), periodSeconds: 1 },
  };
  const spec = { containers: [echo], volumes: [{ name: 'shared', emptyDir: {} }], terminationGracePeriodSeconds: 5 };
  await client.call({ method: 'POST', path: PODS, body: { metadata: { name: 'hooked' }, spec } });
  const state = async () => {
    const pod = await client.call<Pod>({ method: 'GET', path: `${PODS}/hooked` });
    const [container] = pod.status.containerStatuses ?? [];
    return {
      uid: pod.metadata.uid,
      ready: container?.ready === true,
      running: container?.state?.running !== undefined,
    };
  };
  await waitFor(async () => (await state()).running, { timeoutMs: 20_000, what: 'the container to run' });
  const { uid, ready } = await state();
  const shared = join(folder, 'pods', `default_hooked_${uid}`, 'volumes', 'shared');
  await waitFor(() => existsSync(join(shared, 'started')), { timeoutMs: 5_000, what: 'what the postStart hook makes' });
  assert.equal(ready, false);
  writeFileSync(join(shared, 'allowed'), '');
  await waitFor(async () => (await state()).ready, { timeoutMs: 5_000, what: 'the container to be ready' });
  // Ready by its probe it is before it listens.
  const pod = await client.call<Pod>({ method: 'GET', path: `${PODS}/hooked` });
  await waitFor(() => ask(pod), { timeoutMs: 5_000, what: 'the container to listen' });
  await client.call({ method: 'DELETE', path: `${PODS}/hooked` });
  const log = join(folder, 'logs', 'pods', 'default_hooked_echo.log');
  await waitFor(() => readFileSync(log, 'utf8').includes(' /bye'), {
    timeoutMs: 5_000,
    what: 'the preStop hook to ask',
  });
});

test('a Pod waits for a claim that is not there', async () => {
  const claim = { name: 'data', persistentVolumeClaim: { claimName: 'later' } };
  const echo = { name: 'echo', image: 'example/nothing-local:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  await client.call({
    method: 'POST',
    path: PODS,
    body: { metadata: { name: 'claiming' }, spec: { containers: [echo], volumes: [claim] } },
  });
  const condition = async () => {
    const pod = await client.call<Pod>({ method: 'GET', path: `${PODS}/claiming` });
    return pod.status.conditions?.find(({ type }) => type === 'Ready');
  };
  const said = /persistentvolumeclaim "later" not found/;
  await waitFor(async () => said.test((await condition())?.message ?? ''), { timeoutMs: 20_000, what: 'the reason' });
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  await client.call({
    method: 'POST',
    path: '/api/v1/namespaces/default/persistentvolumeclaims',
    body: { metadata: { name: 'later' }, spec: storage },
  });
  await waitFor(async () => (await condition())?.status === 'True', { timeoutMs: 10_000, what: 'the Pod to be ready' });
});

test('a deleted Pod ends its process and goes, with its folder', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  const { pid } = await ask(pod);
  await client.call({ method: 'DELETE', path: `${PODS}/${pod.metadata.name}` });
  await waitFor(async () => (await pods()).every((each) => each.metadata.uid !== pod.metadata.uid), {
    timeoutMs: 10_000,
    what: 'the Pod to go',
  });
  await waitFor(() => processIdentity(pid) === undefined, { timeoutMs: 2_000, what: 'its process to end' });
  await waitFor(() => readdirSync(join(folder, 'pods')).every((name) => !name.includes(pod.metadata.uid)), {
    timeoutMs: 2_000,
    what: 'its folder to go',
  });
});

test('a stopped sandbox leaves no process, port or range; the next start resumes the same Pods', async () => {
  const twoReady = async (): Promise<readonly Pod[] | undefined> =>
    (await readyPods()).length === 2 ? readyPods() : undefined;
  const ready = await waitFor(twoReady, { timeoutMs: 20_000, what: 'two ready Pods' });
  const pids = [...sandbox.processes().map((each) => each.pid), ...sandbox.node.processes().map((each) => each.pid)];
  const second = Number(ready[0]?.status.podIP?.split('.')[1]);
  await client.stop();
  const began = performance.now();
  await Promise.all([sandbox.stop(), sandbox.stop()]);
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(
    pids.filter((pid) => pid === undefined || processIdentity(pid) !== undefined),
    [],
  );
  for (const url of [sandbox.apiUrl, sandbox.redisUrl, sandbox.meshEtcdUrl])
    assert.equal(await portIsFree(Number(new URL(url).port)), true);
  const range = await claimAddressRange(second);
  assert.equal(range.second, second);
  await range.release();

  sandbox = await startSandbox(options);
  client = new KubeTransport({ access: kubeAccess({ file: sandbox.kubeconfig }) });
  const resumed = await waitFor(twoReady, { timeoutMs: 20_000, what: 'the same Pods to be ready again' });
  const identity = (pod: Pod): readonly unknown[] => [pod.metadata.uid, pod.status.podIP];
  assert.deepEqual(resumed.map(identity), ready.map(identity));
  const restarts = (pod: Pod): number =>
    pod.status.containerStatuses?.find((status) => status.name === 'echo')?.restartCount ?? 0;
  assert.deepEqual(
    resumed.map(restarts),
    ready.map((pod) => restarts(pod) + 1),
  );
});
