import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError, type Change, type KubeObject, type ObjectRef } from '@meshkeeper/domain';
import { startControlPlane, waitFor, type ControlPlane } from '@meshkeeper/sandbox';
import { createEventSink, createKubeFeed, createWriter, kubeAccess, KubeTransport } from '../src/index.ts';

const NEVER = new AbortController().signal;

let folder: string;
let plane: ControlPlane;
let transport: KubeTransport;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kubernetes-int-'));
  plane = await startControlPlane({ folder, controllerManager: false });
  transport = new KubeTransport({ access: kubeAccess({ file: plane.kubeconfig }) });
});

afterAll(async () => {
  await transport.stop();
  await plane.stop();
  rmSync(folder, { recursive: true, force: true });
});

const context = {
  ownNamespace: 'default',
  etcdSecretName: 'model-serving-etcd',
  storageSecretName: async () => 'storage-config',
};
const refTo = (name: string): ObjectRef => ({ kind: 'services', namespace: 'default', name });

function service(name: string, port = 80): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', labels: { 'app.kubernetes.io/managed-by': 'modelmesh-controller' } },
    spec: { clusterIP: 'None', ports: [{ name: 'a', port, protocol: 'TCP', targetPort: 'a' }] },
  };
}

function portsOf(object: KubeObject | undefined): readonly number[] {
  const { ports = [] } = (object?.['spec'] ?? {}) as { readonly ports?: readonly { readonly port: number }[] };
  return ports.map(({ port }) => port);
}

async function kindOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error instanceof CallError ? error.kind : `unclassified: ${String(error)}`),
  );
}

describe('writes', () => {
  test('creating what exists is a conflict', async () => {
    const writer = createWriter(transport);
    await writer.create(refTo('twice'), service('twice'), NEVER);
    assert.equal(await kindOf(writer.create(refTo('twice'), service('twice'), NEVER)), 'Conflict');
  });

  test('an apply with an old resourceVersion is a conflict, with the present one it is done', async () => {
    const writer = createWriter(transport);
    const created = await writer.create(refTo('applied'), service('applied'), NEVER);
    const seen = created?.metadata.resourceVersion ?? '';
    const applied = await writer.apply(
      refTo('applied'),
      service('applied', 81),
      {
        resourceVersion: seen,
        adopt: { position: 0, manager: 'meshkeeper' },
      },
      NEVER,
    );
    // What the creation set and the apply no longer wants is gone.
    assert.deepEqual(portsOf(applied), [81]);
    for (const adopt of [undefined, { position: 0, manager: 'meshkeeper' }]) {
      const stale = writer.apply(refTo('applied'), service('applied', 82), { resourceVersion: seen, adopt }, NEVER);
      assert.equal(await kindOf(stale), 'Conflict');
    }
    const now = { resourceVersion: applied?.metadata.resourceVersion ?? '', adopt: undefined };
    const again = await writer.apply(refTo('applied'), service('applied', 82), now, NEVER);
    assert.deepEqual(portsOf(again), [82]);
  });

  test('a deletion of another incarnation is a conflict, of what is gone no error', async () => {
    const writer = createWriter(transport);
    const created = await writer.create(refTo('deleted'), service('deleted'), NEVER);
    const { uid = '', resourceVersion = '' } = created?.metadata ?? {};
    assert.equal(
      await kindOf(writer.delete(refTo('deleted'), crypto.randomUUID(), resourceVersion, NEVER)),
      'Conflict',
    );
    await writer.delete(refTo('deleted'), uid, resourceVersion, NEVER);
    await writer.delete(refTo('deleted'), uid, resourceVersion, NEVER);
    assert.equal(await writer.read(refTo('deleted')), undefined);
  });

  test('an Event is accepted as it is sent', async () => {
    const writer = createWriter(transport);
    const about = await writer.create(refTo('eventful'), service('eventful'), NEVER);
    const sink = createEventSink(transport, 'test');
    await sink.send(
      { kind: 'services', object: about?.metadata ?? { name: '' } },
      'Normal',
      'Updated',
      'x'.repeat(2_000),
    );
    const { items } = await transport.call<{ items: { reason: string; note: string; regarding: { name: string } }[] }>({
      method: 'GET',
      path: '/apis/events.k8s.io/v1/namespaces/default/events',
    });
    const found = items.find(({ regarding }) => regarding.name === 'eventful');
    assert.deepEqual({ reason: found?.reason, length: found?.note.length }, { reason: 'Updated', length: 1_000 });
  });
});

describe('a kind of the API server as a source', () => {
  test('is listed whole, then watched without a gap, deletions included', async () => {
    const writer = createWriter(transport);
    const feed = createKubeFeed({ transport, kind: 'services', context });
    await writer.create(refTo('listed'), service('listed'), NEVER);
    const listed: Change[] = [];
    let revision = '';
    const stop = new AbortController();
    for await (const page of feed.list(stop.signal)) {
      listed.push(...page.changes);
      revision = page.revision;
    }
    assert.ok(listed.some(({ name, op }) => name === 'listed' && op === 'put'));
    const created = await writer.create(refTo('watched'), service('watched'), NEVER);
    await writer.delete(refTo('watched'), created?.metadata.uid ?? '', created?.metadata.resourceVersion ?? '', NEVER);
    const seen: string[] = [];
    for await (const { changes } of feed.watch(revision, stop.signal)) {
      seen.push(...changes.map(({ op, name }) => `${op} ${name}`));
      if (seen.includes('absent watched')) break;
    }
    assert.deepEqual(seen, ['put watched', 'absent watched']);
    stop.abort();
  });

  test('has a head that rises, and an identity that stays', async () => {
    const feed = createKubeFeed({ transport, kind: 'services', context });
    const { signal } = new AbortController();
    const first = await feed.readHead(signal);
    await createWriter(transport).create(refTo('head'), service('head'), NEVER);
    const second = await feed.readHead(signal);
    assert.equal(second.identity, first.identity);
    assert.ok(BigInt(second.head) > BigInt(first.head));
  });

  test('whose kind the server does not know is gone, not empty', async () => {
    const feed = createKubeFeed({ transport, kind: 'inferenceServices', context });
    assert.equal(await kindOf(feed.readHead(new AbortController().signal)), 'Gone');
  });

  test('reports that a revision is too old after the server was restarted', async () => {
    const feed = createKubeFeed({ transport, kind: 'services', context });
    const writer = createWriter(transport);
    const old = (await feed.readHead(new AbortController().signal)).head;
    for (const name of ['late-1', 'late-2', 'late-3']) await writer.create(refTo(name), service(name), NEVER);
    plane.api.kill();
    await plane.stop();
    plane = await startControlPlane({ folder, controllerManager: false });
    transport = new KubeTransport({ access: kubeAccess({ file: plane.kubeconfig }) });
    const again = createKubeFeed({ transport, kind: 'services', context });
    const outcome = await waitFor(
      async () => {
        const stop = AbortSignal.timeout(5_000);
        try {
          for await (const { changes } of again.watch(old, stop)) if (changes.length > 0) return 'resumed';
        } catch (error) {
          return error instanceof CallError && error.kind === 'Gone' ? 'too old' : undefined;
        }
        return undefined;
      },
      { timeoutMs: 20_000, what: 'the watch to answer' },
    );
    // Which of the two depends on what the server still caches; either way nothing is lost without a word.
    assert.ok(outcome === 'too old' || outcome === 'resumed');
  });
});
