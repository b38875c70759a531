import assert from 'node:assert/strict';
import { existsSync, writeFileSync, readFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '../src/index.ts';
import type { Pod } from '../src/kube/objects.ts';
import { ask } from './echo-app.ts';
import { PODS, useNode } from './node-fixture.ts';

const node = useNode();

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
  await node.client.call({
    method: 'POST',
    path: PODS,
    body: { metadata: { name: 'with-a-mesh', labels: { app: 'mesh' } }, spec },
  });
  const pod = await waitFor(
    async () => {
      const found = await node.client.call<Pod>({ method: 'GET', path: `${PODS}/with-a-mesh` });
      return found.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') && found;
    },
    { timeoutMs: 20_000, what: 'the Pod to be ready' },
  );
  const socket = join(node.folder, 'sockets', pod.metadata.uid.slice(0, 8), 'data.sock');
  const host = pod.status.podIP?.replace('10.', '127.') ?? '';
  for (const target of [{ host, port: 8086 }, { path: socket }]) {
    await waitFor(() => accepts(target), { timeoutMs: 10_000, what: `a listener on ${JSON.stringify(target)}` });
  }
  await node.client.call({ method: 'DELETE', path: `${PODS}/with-a-mesh` });
  await waitFor(() => !existsSync(socket), { timeoutMs: 10_000, what: 'the socket to go' });
});

function accepts(target: NetConnectOpts): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(target, () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

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
  await node.client.call({ method: 'POST', path: PODS, body: { metadata: { name: 'hooked' }, spec } });
  const state = async () => {
    const pod = await node.client.call<Pod>({ method: 'GET', path: `${PODS}/hooked` });
    const [container] = pod.status.containerStatuses ?? [];
    return {
      uid: pod.metadata.uid,
      ready: container?.ready === true,
      running: container?.state?.running !== undefined,
    };
  };
  await waitFor(async () => (await state()).running, { timeoutMs: 20_000, what: 'the container to run' });
  const { uid, ready } = await state();
  const shared = join(node.folder, 'pods', `default_hooked_${uid}`, 'volumes', 'shared');
  await waitFor(() => existsSync(join(shared, 'started')), { timeoutMs: 5_000, what: 'what the postStart hook makes' });
  assert.equal(ready, false);
  writeFileSync(join(shared, 'allowed'), '');
  await waitFor(async () => (await state()).ready, { timeoutMs: 5_000, what: 'the container to be ready' });
  // Ready by its probe it is before it listens.
  const pod = await node.client.call<Pod>({ method: 'GET', path: `${PODS}/hooked` });
  await waitFor(() => ask(pod), { timeoutMs: 5_000, what: 'the container to listen' });
  await node.client.call({ method: 'DELETE', path: `${PODS}/hooked` });
  const log = join(node.folder, 'logs', 'pods', 'default_hooked_echo.log');
  await waitFor(() => readFileSync(log, 'utf8').includes(' /bye'), {
    timeoutMs: 5_000,
    what: 'the preStop hook to ask',
  });
});

test('a Pod waits for a claim that is not there', async () => {
  const claim = { name: 'data', persistentVolumeClaim: { claimName: 'later' } };
  const echo = { name: 'echo', image: 'example/nothing-local:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  await node.client.call({
    method: 'POST',
    path: PODS,
    body: { metadata: { name: 'claiming' }, spec: { containers: [echo], volumes: [claim] } },
  });
  const condition = async () => {
    const pod = await node.client.call<Pod>({ method: 'GET', path: `${PODS}/claiming` });
    return pod.status.conditions?.find(({ type }) => type === 'Ready');
  };
  const said = /persistentvolumeclaim "later" not found/;
  await waitFor(async () => said.test((await condition())?.message ?? ''), { timeoutMs: 20_000, what: 'the reason' });
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  await node.client.call({
    method: 'POST',
    path: '/api/v1/namespaces/default/persistentvolumeclaims',
    body: { metadata: { name: 'later' }, spec: storage },
  });
  await waitFor(async () => (await condition())?.status === 'True', { timeoutMs: 10_000, what: 'the Pod to be ready' });
});
