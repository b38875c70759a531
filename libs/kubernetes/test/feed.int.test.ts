import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CallError, KINDS, type KubeObject, type ObjectRef } from '@meshkeeper/domain';
import { freePort, startControlPlane, waitFor, type ControlPlane } from '@meshkeeper/sandbox';
import { createKubeFeed, createWriter, kubeAccess, KubeTransport, type AccessSource } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubernetes-feed-'));
const NEVER = new AbortController().signal;
const context = {
  ownNamespace: 'default',
  etcdSecretName: 'model-serving-etcd',
  storageSecretName: async () => 'storage-config',
};
let ports: { readonly api: number; readonly etcd: number };
let plane: ControlPlane;
let transport: KubeTransport;

const services = (): ReturnType<typeof createKubeFeed> => createKubeFeed({ transport, kind: 'services', context });
const refTo = (name: string): ObjectRef => ({ kind: 'services', namespace: 'default', name });

function service(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', labels: { 'app.kubernetes.io/managed-by': 'modelmesh-controller' } },
    spec: { clusterIP: 'None', ports: [{ name: 'a', port: 80, protocol: 'TCP' }] },
  };
}

/** Kind, code and message of what a call fails with. */
async function failure(call: Promise<unknown>): Promise<Pick<CallError, 'kind' | 'code' | 'message'>> {
  const error = await call.then(
    () => assert.fail('the call should fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CallError);
  return { kind: error.kind, code: error.code, message: error.message };
}

async function exhaust(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** What the watch shows until it has shown `last`. */
async function watchUntil(from: string, last: string): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const { changes } of services().watch(from, AbortSignal.timeout(20_000))) {
    seen.push(...changes.map(({ op, name }) => `${op} ${name}`));
    if (seen.includes(last)) break;
  }
  return seen;
}

/** The administrator, acting as a user that has no rights. */
function asStranger(access: AccessSource): AccessSource {
  return async (renew) => {
    const admin = await access(renew);
    return { ...admin, headers: { ...admin.headers, 'impersonate-user': 'stranger' } };
  };
}

beforeAll(async () => {
  ports = { api: await freePort(), etcd: await freePort() };
  plane = await startControlPlane({ folder, ports, controllerManager: false, audit: false });
  transport = new KubeTransport({ access: kubeAccess({ file: plane.kubeconfig }) });
});

afterAll(async () => {
  await transport.stop();
  await plane.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a source on a real API server', () => {
  test('is listed in pages of one revision', async () => {
    const body = (i: number): object => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `page-${String(i).padStart(3, '0')}` },
    });
    const path = '/api/v1/namespaces';
    const names = Array.from({ length: 510 }, (_, i) => `page-${String(i).padStart(3, '0')}`);
    await Promise.all(names.map((_, i) => transport.call({ method: 'POST', path, body: body(i) })));
    const pages: { readonly revision: string; readonly names: readonly string[] }[] = [];
    for await (const { revision, changes } of createKubeFeed({ transport, kind: 'namespaces', context }).list(NEVER))
      pages.push({ revision, names: changes.map(({ name }) => name) });
    const listed = pages.flatMap((page) => page.names).filter((name) => name.startsWith('page-'));
    assert.deepEqual(
      { sizes: pages.length, revisions: new Set(pages.map(({ revision }) => revision)).size, listed },
      { sizes: 2, revisions: 1, listed: names },
    );
  });

  test('continues by itself when the server ends a watch', async () => {
    const from = (await services().readHead(NEVER)).head;
    const opened: string[] = [];
    const feed = createKubeFeed({ transport: shortWatches(transport, opened), kind: 'services', context });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { changes } of feed.watch(from, AbortSignal.timeout(20_000))) {
        seen.push(...changes.map(({ op, name }) => `${op} ${name}`));
        if (seen.length >= 2) break;
      }
    })();
    await createWriter(transport).create(refTo('first'), service('first'), NEVER);
    await waitFor(() => opened.length >= 3, { timeoutMs: 10_000, what: 'two watches to end' });
    await createWriter(transport).create(refTo('second'), service('second'), NEVER);
    await watching;
    assert.deepEqual(seen, ['put first', 'put second']);
  });

  test('is not called in a hot loop when the server ends each watch immediately', async () => {
    const from = (await services().readHead(NEVER)).head;
    const opened: number[] = [];
    const ends = new Proxy(transport, {
      get: (target, name) =>
        name === 'stream'
          ? () => {
              opened.push(Date.now());
              return Readable.from([]);
            }
          : (Reflect.get(target, name, target) as unknown),
    });
    const feed = createKubeFeed({ transport: ends, kind: 'services', context });
    await exhaust(feed.watch(from, AbortSignal.timeout(2_500))).catch(() => undefined);
    assert.deepEqual([opened.length > 1, opened.length < 5], [true, true], `asked ${opened.length} times in 2.5 s`);
  });

  test('whose server dies fails for now, and is listed and watched on once it is back', async () => {
    const from = (await services().readHead(NEVER)).head;
    const watching = failure(exhaust(services().watch(from, NEVER)));
    await createWriter(transport).create(refTo('before-the-kill'), service('before-the-kill'), NEVER);
    plane.kill();
    const { message, ...error } = await watching;
    assert.deepEqual(error, { kind: 'Transient', code: 'ApiServerUnreachable' });
    assert.ok(message.startsWith(`GET /api/v1/services: the API server ${plane.url} does not answer (`), message);
    await plane.stop();
    plane = await startControlPlane({ folder, ports, controllerManager: false, audit: false });
    const listed: string[] = [];
    let revision = '';
    for await (const page of services().list(NEVER)) {
      revision = page.revision;
      listed.push(...page.changes.map(({ name }) => name));
    }
    await createWriter(transport).create(refTo('after-the-kill'), service('after-the-kill'), NEVER);
    assert.ok(listed.includes('before-the-kill'));
    assert.deepEqual(await watchUntil(revision, 'put after-the-kill'), ['put after-the-kill']);
  });

  test('refuses a revision that etcd has compacted as too old', async () => {
    const { head } = await services().readHead(NEVER);
    await compact(head);
    const { kind, code } = await failure(exhaust(services().watch('1', AbortSignal.timeout(10_000))));
    assert.deepEqual({ kind, code }, { kind: 'Gone', code: 'Expired' });
  });
});

describe('writes to a real API server', () => {
  test('of a status carry the resourceVersion that was seen', async () => {
    const writer = createWriter(transport);
    const created = await writer.create(refTo('status'), service('status'), NEVER);
    const seen = created?.metadata.resourceVersion ?? '';
    const status = { loadBalancer: { ingress: [{ ip: '127.0.0.9' }] } };
    const conditions = [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Tested',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const patched = await writer.patchStatus(refTo('status'), { conditions }, seen, NEVER);
    assert.deepEqual(patched?.['status'], { conditions, loadBalancer: {} });
    const { kind, code } = await failure(writer.patchStatus(refTo('status'), status, seen, NEVER));
    assert.deepEqual({ kind, code }, { kind: 'Conflict', code: 'Conflict' });
  });

  test('without the right say which verb on which resource is missing', async () => {
    const stranger = new KubeTransport({ access: asStranger(kubeAccess({ file: plane.kubeconfig })) });
    try {
      const { plural } = KINDS.services;
      const words = `cannot create resource "${plural}" in API group "" in the namespace "default"`;
      assert.deepEqual(await failure(createWriter(stranger).create(refTo('forbidden'), service('forbidden'), NEVER)), {
        kind: 'Terminal',
        code: 'Forbidden',
        message: `Missing permission: ${plural} is forbidden: User "stranger" ${words}`,
      });
    } finally {
      await stranger.stop();
    }
  });
});

/** The same transport, whose watches the server ends after a second; notes the path of each. */
function shortWatches(real: KubeTransport, opened: string[]): KubeTransport {
  return new Proxy(real, {
    get(target, name) {
      if (name === 'stream')
        return (call: Parameters<KubeTransport['stream']>[0]) => {
          opened.push(call.path);
          return target.stream({ ...call, query: { ...call.query, timeoutSeconds: '1' } });
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Makes etcd forget what is older than `revision`, and restarts the API server, which would still know it. */
async function compact(revision: string): Promise<void> {
  const answer = await fetch(`${plane.etcd.endpoint}/v3/kv/compaction`, {
    method: 'POST',
    body: JSON.stringify({ revision, physical: true }),
  });
  assert.equal(answer.status, 200, await answer.text());
  await plane.stop();
  plane = await startControlPlane({ folder, ports, controllerManager: false, audit: false });
}
