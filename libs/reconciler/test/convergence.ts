import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  formatKey,
  KINDS,
  MemoryView,
  watchedKinds,
  type KindName,
  type KubeObject,
  type ObjectRef,
  type ReportedEvent,
} from '@meshkeeper/domain';
import {
  createKubeFeed,
  createLiveReader,
  createSecretCopier,
  createWriter,
  kubeAccess,
  KubeTransport,
  type AccessSource,
} from '@meshkeeper/kubernetes';
import { startControlPlane, type ControlPlane } from '@meshkeeper/sandbox';
import { createLogger } from '@meshkeeper/process';
import type { RunContext } from '@meshkeeper/work-queue';
import { createHandleJob } from '../src/handle-job.ts';
import type { Ports } from '../src/ports.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const OWN = 'modelmesh-serving';
const NEVER = new AbortController().signal;

/** What a round of runs did: the writes in their order, and the Events. */
export type Round = { readonly writes: readonly string[]; readonly events: readonly ReportedEvent[] };

/**
 * The reconciler's own runs against a real API server, with a view that is listed again before each round in the place of Redis and the
 * queue. Models are left out: their keys need a mesh.
 */
export class Convergence {
  readonly #plane: ControlPlane;
  readonly #folder: string;
  /** The administrator's. */
  readonly transport: KubeTransport;
  readonly #watcher: KubeTransport;
  readonly #reconciler: KubeTransport;
  readonly #memories = new Map<string, string>();
  readonly #namespaceScope: boolean;

  private constructor(plane: ControlPlane, folder: string, namespaceScope: boolean) {
    this.#plane = plane;
    this.#folder = folder;
    this.#namespaceScope = namespaceScope;
    const admin = kubeAccess({ file: plane.kubeconfig });
    this.transport = new KubeTransport({ access: admin });
    this.#watcher = new KubeTransport({ access: asAccount(admin, 'kube-watcher') });
    this.#reconciler = new KubeTransport({ access: asAccount(admin, 'reconciler') });
  }

  /** A new cluster with our kinds, our namespace, and the permissions that we ship and no others. */
  static async start(namespaceScope = false): Promise<Convergence> {
    const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-convergence-'));
    const plane = await startControlPlane({ folder, controllerManager: false, audit: false });
    const bench = new Convergence(plane, folder, namespaceScope);
    try {
      const rbac = namespaceScope ? 'rbac/namespace-scope' : 'rbac';
      const manifests = ['namespace.yaml', 'crds', rbac].flatMap((name) => ['-f', join(ROOT, 'deploy', name)]);
      await bench.kubectl('apply', '--server-side', ...manifests);
      await bench.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
      return bench;
    } catch (error) {
      await bench.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.transport.stop(), this.#watcher.stop(), this.#reconciler.stop()]);
    await this.#plane.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const { binaries, kubeconfig } = this.#plane;
    const run = promisify(execFile);
    return (await run(binaries.kubectl, ['--kubeconfig', kubeconfig, ...args])).stdout;
  }

  /** As another program would write it. */
  async create(kind: KindName, object: KubeObject, fieldManager = 'kubectl-create'): Promise<KubeObject> {
    const { apiVersion, plural } = KINDS[kind];
    const { namespace } = object.metadata;
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
    const body = { apiVersion, kind: KINDS[kind].kind, ...object };
    return this.transport.call({ method: 'POST', path, query: { fieldManager }, body });
  }

  /** A merge patch under another field manager's name. */
  async change(ref: ObjectRef, patch: object, fieldManager = 'kubectl-edit'): Promise<void> {
    const { apiVersion, plural } = KINDS[ref.kind];
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    await this.transport.call({
      method: 'PATCH',
      path: `${root}${ref.namespace === '' ? '' : `/namespaces/${ref.namespace}`}/${plural}/${ref.name}`,
      query: { fieldManager },
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  async read(ref: ObjectRef): Promise<KubeObject> {
    const found = await createWriter(this.transport).read(ref);
    if (found === undefined) throw new Error(`${ref.kind} ${ref.namespace}/${ref.name} does not exist`);
    return found;
  }

  /** As after the loss of Redis. */
  forget(): void {
    this.#memories.clear();
  }

  /** Runs every mesh and runtime key once, as after a restart. Throws what a run throws. */
  async round(now = Date.now()): Promise<Round> {
    const view = await this.#list();
    const writes: string[] = [];
    const events: ReportedEvent[] = [];
    const handle = createHandleJob(this.#ports(view, writes, events, now));
    for (const key of view.keys()) {
      if (key.kind === 'predictor') continue;
      const text = formatKey(key);
      const { memory } = await handle(contextOf(text, this.#memories.get(text) ?? ''));
      if (memory !== undefined) this.#memories.set(text, memory);
    }
    return { writes, events };
  }

  async #list(): Promise<MemoryView> {
    const view = new MemoryView();
    const context = {
      ownNamespace: OWN,
      namespaceScope: this.#namespaceScope,
      etcdSecretName: 'model-serving-etcd',
      storageSecretName: async () => 'storage-config',
    };
    for (const kind of watchedKinds(this.#namespaceScope)) {
      try {
        const feed = createKubeFeed({ transport: this.#watcher, kind, context });
        for await (const { changes } of feed.list(NEVER)) view.record(KINDS[kind].source, changes);
        view.complete(KINDS[kind].source);
      } catch (error) {
        if (kind !== 'serviceMonitors') throw error;
      }
    }
    return view;
  }

  #ports(view: MemoryView, writes: string[], events: ReportedEvent[], now: number): Ports {
    const transport = this.#reconciler;
    const unused = (): never => {
      throw new Error('models are left out');
    };
    return {
      gather: async (request) => view.gather(request),
      kube: createWriter(transport),
      live: createLiveReader(transport),
      secrets: createSecretCopier(transport),
      mesh: { setVModel: unused, deleteVModel: unused, getVModelStatus: unused },
      meshRecords: { readVModel: unused },
      budget: { take: unused },
      brake: { permit: async () => 'go' },
      effects: {
        async recordEffect(source, _epoch, { write, outcome }, change) {
          writes.push(outcome.startsWith('ok') ? write : `${write}: ${outcome}`);
          view.record(source, [change]);
          return [];
        },
      },
      enqueue: async () => undefined,
      events: {
        async send(_about, type, reason, message) {
          events.push({ type, reason, message });
        },
      },
      writes: { wrote: () => undefined, failed: () => undefined, blocked: () => undefined },
      logger: createLogger('convergence', 'silent'),
      now: () => now,
      context: {
        ownNamespace: OWN,
        etcdSecretName: 'model-serving-etcd',
        namespaceScope: this.#namespaceScope,
        controllerDeployment: 'reconciler',
      },
    };
  }
}

/** The administrator, acting as one of our accounts: what its role lacks is refused. */
function asAccount(access: AccessSource, name: string): AccessSource {
  return async (renew) => {
    const admin = await access(renew);
    return { ...admin, headers: { ...admin.headers, 'impersonate-user': `system:serviceaccount:${OWN}:${name}` } };
  };
}

function contextOf(key: string, memory: string): RunContext {
  const run = { dueCount: 1, fencingToken: 1, failures: 0, streak: 0, markedAt: 0, cause: [], memory };
  return { key, run, guard: () => undefined, signal: NEVER };
}
