import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { listAndWatch } from '../kube/list-and-watch.ts';
import type { Pod } from '../kube/objects.ts';
import { failedWith } from '../kube/open-cluster.ts';
import { createAddressPool, type AddressPool } from './address-pool.ts';
import type { ContainerView } from './container.ts';
import { startLogServer, type LogServerTls } from './log-server.ts';
import { keepHeartbeat, registerNode } from './node-object.ts';
import { PodRunner, type PodSurroundings } from './pod-runner.ts';

export type NodeOptions = Omit<PodSurroundings, 'capacity'> & {
  readonly name: string;
  /** Second octet of its range of pod addresses. */
  readonly second: number;
  /** With it `kubectl logs` works. */
  readonly logTls?: LogServerTls;
};

/** One container that is a local process. */
export type PodProcess = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly pid: number;
  readonly podIP: string;
};

export type SandboxNode = {
  readonly name: string;
  processes(): readonly PodProcess[];
  /** Ends all pods' processes and says in their status that they are not ready; the Pods themselves stay. */
  stop(): Promise<void>;
};

/** Milliseconds that processes get when the sandbox stops, whatever their Pod's grace period. */
const STOP_GRACE_MS = 2_500;

/**
 * Plays a node: registers it, binds every Pod that has none, runs the Pods' containers as local processes, reports their
 * status and ends them when they are deleted.
 */
export async function startNode(options: NodeOptions): Promise<SandboxNode> {
  const pool = createAddressPool(options.second);
  const capacity = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '250' };
  const pods = new PodSet(options, { ...options, capacity }, pool);
  const logs =
    options.logTls === undefined
      ? undefined
      : await startLogServer(options.logTls, (...container) => pods.container(...container));
  await registerNode(options.client, { name: options.name, address: pool.node, capacity, logPort: logs?.port });
  const abort = new AbortController();
  const heartbeat = keepHeartbeat(options.client, options.name, abort.signal);
  const watch = listAndWatch<Pod>(options.client, '/api/v1/pods', {
    onList: (items) => pods.replace(items),
    onSet: (pod) => pods.set(pod),
    onDelete: (pod) => pods.remove(pod.metadata.uid),
  });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    abort.abort();
    await watch.stop();
    await pods.stop();
    await Promise.all([heartbeat, logs?.stop()]);
  };
  return { name: options.name, processes: () => pods.processes(), stop: () => (stopping ??= stop()) };
}

class PodSet {
  readonly #runners = new Map<string, PodRunner>();
  readonly #binding = new Set<string>();
  readonly #deleting = new Set<string>();
  readonly #node: NodeOptions;
  readonly #around: PodSurroundings;
  readonly #pool: AddressPool;

  constructor(node: NodeOptions, around: PodSurroundings, pool: AddressPool) {
    this.#node = node;
    this.#around = around;
    this.#pool = pool;
  }

  replace(items: readonly Pod[]): void {
    const present = new Set(items.map((pod) => pod.metadata.uid));
    for (const uid of this.#runners.keys()) if (!present.has(uid)) this.remove(uid);
    // Those that had an address first: they keep it.
    const sorted = [...items].sort(
      (left, right) => Number(left.status.podIP === undefined) - Number(right.status.podIP === undefined),
    );
    for (const pod of sorted) this.set(pod);
  }

  set(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    if (pod.spec.nodeName === undefined) return this.#bind(pod);
    if (pod.spec.nodeName !== this.#node.name || pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded')
      return undefined;
    const runner = this.#runners.get(uid);
    if (runner !== undefined) runner.observe(pod);
    if (deletionTimestamp !== undefined) return this.#delete(pod, runner);
    if (runner === undefined) this.#start(pod);
    return undefined;
  }

  /** The Pod is gone from the API, by force or by us. */
  remove(uid: string): void {
    const runner = this.#runners.get(uid);
    if (runner === undefined) return;
    void this.#forget(uid, runner);
  }

  async #forget(uid: string, runner: PodRunner): Promise<void> {
    await runner.end(0);
    this.#runners.delete(uid);
    this.#pool.release(runner.placement.podIP);
    await runner.forget();
  }

  container(namespace: string, pod: string, name: string): ContainerView | undefined {
    const isIt = ({ metadata }: Pod): boolean => metadata.namespace === namespace && metadata.name === pod;
    return [...this.#runners.values()].find((runner) => isIt(runner.pod))?.container(name);
  }

  processes(): readonly PodProcess[] {
    return [...this.#runners.values()].flatMap((runner) => {
      const { namespace, name } = runner.pod.metadata;
      return runner.processes().map((each) => ({ namespace, pod: name, podIP: runner.placement.podIP, ...each }));
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.end(STOP_GRACE_MS)));
  }

  #start(pod: Pod): void {
    const placement = { podIP: this.#pool.take(pod.status.podIP), hostIP: this.#pool.node, nodeName: this.#node.name };
    const runner = new PodRunner(pod, placement, this.#around);
    this.#runners.set(pod.metadata.uid, runner);
    runner.start();
  }

  /** There is no scheduler: every Pod fits here. */
  #bind(pod: Pod): void {
    const { uid, namespace, name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined || this.#binding.has(uid)) return;
    this.#binding.add(uid);
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: this.#node.name },
    };
    void this.#again(() =>
      this.#node.client.call({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`, body }),
    ).then(() => this.#binding.delete(uid));
  }

  #delete(pod: Pod, runner: PodRunner | undefined): void {
    const { uid, namespace, name, deletionGracePeriodSeconds } = pod.metadata;
    if (this.#deleting.has(uid)) return;
    this.#deleting.add(uid);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    void (async () => {
      await runner?.end((deletionGracePeriodSeconds ?? 30) * 1_000);
      await this.#again(() => this.#node.client.call({ method: 'DELETE', path, body }));
      this.#deleting.delete(uid);
    })();
  }

  /** A few tries; that the object is gone or changed ends it too, for then another event comes. */
  async #again(call: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const done = await call().then(
        () => true,
        (error: unknown) => failedWith(error, 'Gone', 'Conflict'),
      );
      if (done) return;
      await sleep(500);
    }
    this.#node.log('gave up a write that the API server refused ten times');
  }
}
