import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../src/index.ts';
import { processIdentity } from '../src/process-record.ts';
import { portIsFree } from '../src/free-port.ts';
import type { Pod } from '../src/kube/objects.ts';
import { claimAddressRange } from '../src/address-range.ts';
import { ask, deployment, service } from './echo-app.ts';
import { PODS, useNode } from './node-fixture.ts';

const node = useNode();

async function pods(): Promise<readonly Pod[]> {
  return (
    await node.client.call<{ readonly items: readonly Pod[] }>({
      method: 'GET',
      path: `${PODS}?labelSelector=app%3Decho`,
    })
  ).items;
}

async function readyPods(): Promise<readonly Pod[]> {
  const isReady = (pod: Pod): boolean =>
    pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
  return (await pods()).filter(isReady);
}

test('a Pod waits for the Secret it needs, then runs and becomes ready', async () => {
  await node.client.call({ method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', body: deployment });
  const waiting = await waitFor(
    async () =>
      (await pods()).find((pod) => pod.status.conditions?.some((each) => /Secret given/.test(each.message ?? ''))),
    {
      timeoutMs: 20_000,
      what: 'a Pod that says which Secret it waits for',
    },
  );
  assert.equal(waiting.status.phase, 'Pending');
  await node.client.call({
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

test('the local program gets arguments, environment and files as a container would, on its loopback alias', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  const echo = await ask(pod);
  const alias = pod.status.podIP?.replace('10.', '127.');
  const own = join(node.folder, 'pods', `default_${pod.metadata.name}_${pod.metadata.uid}`);
  const file = join(own, 'volumes', 'given', 'word');
  assert.deepEqual(echo.args, [`--peer=${alias}:9000`, `--name=${pod.metadata.name}`, file]);
  assert.equal(echo.content, 'hello');
  assert.equal(echo.cwd, join(own, 'work', 'echo'));
  const { POD_IP, MEMORY, FILE, URL, DIAL_LOOPBACK_ALIAS } = echo.env;
  assert.deepEqual(
    { POD_IP, MEMORY, FILE, URL, DIAL_LOOPBACK_ALIAS },
    {
      POD_IP: pod.status.podIP,
      MEMORY: String(96 * 1024 * 1024),
      FILE: file,
      URL: `http://${alias}:8033/models`,
      DIAL_LOOPBACK_ALIAS: 'true',
    },
  );
});

test('the EndpointSlice of a Service lists the addresses of ready Pods', async () => {
  await node.client.call({ method: 'POST', path: '/api/v1/namespaces/default/services', body: service });
  type Slices = {
    readonly items: readonly {
      readonly endpoints:
        | readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready: boolean } }[]
        | null;
    }[];
  };
  const listed = await waitFor(
    async () => {
      const slices = await node.client.call<Slices>({
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
  await node.client.call({
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
    readFileSync(node.sandbox.auditLog, 'utf8')
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

test('kubectl logs gives what a container said in this life, and in the one before', async () => {
  const [pod] = (await readyPods()).filter(({ status }) =>
    status.containerStatuses?.some(({ restartCount }) => restartCount === 1),
  );
  assert.ok(pod !== undefined);
  const { pid } = await ask(pod, '/asked');
  const logs = (...more: readonly string[]) =>
    node.sandbox.kubectl(['logs', '-n', 'default', pod.metadata.name, '-c', 'echo', ...more]);
  const lines = (text: string) => text.trim().split('\n');
  await waitFor(async () => (await logs()).includes('/asked'), { timeoutMs: 5_000, what: 'the line of the request' });
  const [now, before, last] = [lines(await logs()), lines(await logs('--previous')), lines(await logs('--tail=1'))];
  assert.deepEqual([now.every((line) => line.startsWith(`${pid} `)), last.length], [true, 1]);
  assert.ok(before.some((line) => line.endsWith(' /break')));
  await assert.rejects(logs('-c', 'other'), /NotFound/);
});

test('a deleted Pod ends its process and goes, with its folder', async () => {
  const [pod] = await readyPods();
  assert.ok(pod !== undefined);
  const { pid } = await ask(pod);
  await node.client.call({ method: 'DELETE', path: `${PODS}/${pod.metadata.name}` });
  await waitFor(async () => (await pods()).every((each) => each.metadata.uid !== pod.metadata.uid), {
    timeoutMs: 10_000,
    what: 'the Pod to go',
  });
  await waitFor(() => processIdentity(pid) === undefined, { timeoutMs: 2_000, what: 'its process to end' });
  await waitFor(() => readdirSync(join(node.folder, 'pods')).every((name) => !name.includes(pod.metadata.uid)), {
    timeoutMs: 2_000,
    what: 'its folder to go',
  });
});

test('a stopped sandbox leaves no process, port or range; the next start resumes the same Pods', async () => {
  const twoReady = async (): Promise<readonly Pod[] | undefined> =>
    (await readyPods()).length === 2 ? readyPods() : undefined;
  const ready = await waitFor(twoReady, { timeoutMs: 20_000, what: 'two ready Pods' });
  const pids = [
    ...node.sandbox.processes().map((each) => each.pid),
    ...node.sandbox.node.processes().map((each) => each.pid),
  ];
  const second = Number(ready[0]?.status.podIP?.split('.')[1]);
  await node.client.stop();
  const began = performance.now();
  await Promise.all([node.sandbox.stop(), node.sandbox.stop()]);
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(
    pids.filter((pid) => pid === undefined || processIdentity(pid) !== undefined),
    [],
  );
  for (const url of [node.sandbox.apiUrl, node.sandbox.redisUrl, node.sandbox.meshEtcdUrl])
    assert.equal(await portIsFree(Number(new URL(url).port)), true);
  const range = await claimAddressRange(second);
  assert.equal(range.second, second);
  await range.release();

  await node.start();
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
