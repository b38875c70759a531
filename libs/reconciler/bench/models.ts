import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { wantedOfInferenceService, reduce, type KubeObject } from '@meshkeeper/domain';
import { connectRedis, initialiseLog } from '@meshkeeper/event-log';
import { kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { createEtcdClient, parseEtcdConnection } from '@meshkeeper/etcd';
import { startSandbox, waitFor, type Sandbox } from '@meshkeeper/sandbox';

const ROOT = join(import.meta.dirname, '../../..');
const NAMESPACE = 'modelmesh-serving';
const COLLECTION = `/apis/serving.kserve.io/v1beta1/namespaces/${NAMESPACE}/inferenceservices`;
const MODELS = 2_000;
const IN_FLIGHT = 50;
const CHANGES = 100;
const LOAD_MS = 300;
type Say = (line: string) => void;

/**
 * 2,000 models in a whole sandbox: how long until all are ready, and then, one change after the other at rest, how long until the mesh
 * has the new target, and how long after its load until the object shows Ready.
 */
export async function benchModels(say: Say): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-bench-models-'));
  const newRedis = async (url: string): Promise<void> => {
    const redis = connectRedis({ url });
    await initialiseLog(redis, '{meshkeeper}').finally(() => redis.disconnect());
  };
  const sandbox = await startSandbox({ folder: join(folder, 'state'), root: ROOT, newRedis });
  const stage = new Stage(sandbox);
  try {
    await stage.follow();
    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
    const before = ownWrites(sandbox);
    const seconds = await stage.createAll();
    const writes = ownWrites(sandbox) - before;
    say(
      `${MODELS} models created and ready in ${seconds.toFixed(1)} s: ${(MODELS / seconds).toFixed(0)}/s, ` +
        `${(writes / MODELS).toFixed(2)} writes each, Events included (load ${loadavg()[0]?.toFixed(2)})`,
    );
    const [toMesh, toReady] = await stage.changeOneByOne();
    say(`a change at rest, until the mesh has it: ${spread(toMesh)}`);
    say(`a load of ${LOAD_MS} ms finished, until Ready is shown: ${spread(toReady)}`);
  } finally {
    await stage.stop();
    await sandbox.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By the API server's own log. */
function ownWrites({ auditLog }: Sandbox): number {
  const lines = readFileSync(auditLog, 'utf8').split('\n');
  return lines.filter((line) => line.includes(`"username":"system:serviceaccount:${NAMESPACE}:`)).length;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

type Shown = KubeObject & {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly components?: { readonly predictor?: { readonly latestReadyRevision?: string } };
  };
};

class Stage {
  readonly #transport: KubeTransport;
  readonly #etcd: ReturnType<typeof createEtcdClient>;
  readonly #stopping = new AbortController();
  /** The model that is shown as ready, and when that was seen. */
  readonly #ready = new Map<string, { readonly modelId: string; readonly at: number }>();
  readonly #target = new Map<string, { readonly modelId: string; readonly at: number }>();

  constructor(sandbox: Sandbox) {
    this.#transport = new KubeTransport({ access: kubeAccess({ file: sandbox.kubeconfig }) });
    const connection = { endpoints: sandbox.meshEtcdUrl, root_prefix: 'modelmesh-serving' };
    this.#etcd = createEtcdClient(parseEtcdConnection(JSON.stringify(connection)));
  }

  async follow(): Promise<void> {
    void this.#followObjects().catch(() => undefined);
    void this.#followRecords().catch(() => undefined);
  }

  async createAll(): Promise<number> {
    const names = Array.from({ length: MODELS }, (_, i) => `m-${i}`);
    const start = performance.now();
    const queue = [...names];
    const work = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift())
        await this.#transport.call({ method: 'POST', path: COLLECTION, body: model(name, `SIZE_1000_0_0/${name}`) });
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    const all = (): boolean => names.every((name) => this.#ready.has(name));
    await waitFor(all, { timeoutMs: 300_000, what: 'all models to be ready', intervalMs: 50 });
    return (performance.now() - start) / 1_000;
  }

  async changeOneByOne(): Promise<readonly [number[], number[]]> {
    const toMesh: number[] = [];
    const toReady: number[] = [];
    for (let i = 0; i < CHANGES; i += 1) {
      const name = `m-${i}`;
      const changed = model(name, `SIZE_1000_${LOAD_MS}_0/${name}-changed`);
      const wanted = wantedOfInferenceService(reduce('inferenceServices', changed));
      if (wanted.kind !== 'model') throw new Error('The change is no model');
      const modelId = wanted.registration.targetModelId;
      const start = performance.now();
      const query = { fieldManager: 'bench' };
      const contentType = 'application/merge-patch+json';
      await this.#transport.call({ method: 'PATCH', path: `${COLLECTION}/${name}`, query, contentType, body: changed });
      const done = (): boolean => this.#ready.get(name)?.modelId === modelId;
      await waitFor(done, { timeoutMs: 30_000, what: `${name} to be ready again`, intervalMs: 10 });
      const registered = this.#target.get(name)?.at ?? 0;
      toMesh.push(registered - start);
      toReady.push((this.#ready.get(name)?.at ?? 0) - registered - LOAD_MS);
    }
    return [toMesh, toReady];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#etcd.close();
    await this.#transport.stop();
  }

  async #followObjects(): Promise<void> {
    const { signal } = this.#stopping;
    const query = { watch: 'true', timeoutSeconds: '3600' };
    // A watch that falls behind is ended by the server; a new one begins with all that is there.
    while (!signal.aborted) {
      const lines = this.#transport.stream({ method: 'GET', path: COLLECTION, query, signal });
      for await (const line of lines) this.#see((JSON.parse(line) as { readonly object: Shown }).object);
    }
  }

  #see({ metadata, status }: Shown): void {
    const isReady = status?.conditions?.some(({ type, status: truth }) => type === 'Ready' && truth === 'True');
    const modelId = status?.components?.predictor?.latestReadyRevision;
    if (isReady !== true || modelId === undefined || this.#ready.get(metadata.name)?.modelId === modelId) return;
    this.#ready.set(metadata.name, { modelId, at: performance.now() });
  }

  async #followRecords(): Promise<void> {
    const prefix = 'modelmesh-serving/mm/modelmesh-serving/vmodels/';
    const { signal } = this.#stopping;
    for await (const batch of this.#etcd.watchPrefix({ prefix, fromRevision: 1n, signal })) {
      for (const event of batch.kind === 'events' ? batch.events : []) {
        if (event.kind !== 'put') continue;
        const name = event.key.slice(prefix.length);
        const { tmid } = JSON.parse(event.value) as { readonly tmid: string };
        if (this.#target.get(name)?.modelId !== tmid) this.#target.set(name, { modelId: tmid, at: performance.now() });
      }
    }
  }
}

function model(name: string, path: string): KubeObject {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name, namespace: NAMESPACE, annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storage: { key: 'k', path } } } },
  };
}
