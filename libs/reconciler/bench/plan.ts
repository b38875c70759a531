import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FORM, gatherRequest, plan, toSnapshot, type WorkKey } from '@meshkeeper/domain';
import { connectRedis, gather, initialiseLog, LOCK_DURATION_MS, readQueueState } from '@meshkeeper/event-log';
import { freePort, startControlPlane, startProcess, waitFor, type ControlPlane } from '@meshkeeper/sandbox';
import type { Redis } from 'ioredis';

const ROOT = join(import.meta.dirname, '../../..');
const PREFIX = '{meshkeeper}';
const RUNTIMES = 1_000;
const OWN = 'modelmesh-serving';
const NAMESPACE = 'bench';
const CONTEXT = { ownNamespace: OWN, etcdSecretName: 'model-serving-etcd' };
type Say = (line: string) => void;

/**
 * 1,000 runtimes in one namespace of a real API server, with our own watcher and reconciler: how long one plan takes, and how long
 * and how many writes a change of the configuration costs. No controller manager runs: what it does is not measured.
 */
export async function benchPlan(say: Say, redisUrl: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-bench-plan-'));
  const redis = connectRedis({ url: redisUrl });
  const plane = await startControlPlane({ folder, controllerManager: false });
  const started: { stop(): Promise<void> }[] = [plane];
  try {
    await initialiseLog(redis, PREFIX);
    const cluster = new Cluster(plane, folder);
    await cluster.fill();
    for (const app of ['kube-watcher', 'reconciler'])
      started.push(await startOwn(app, folder, redisUrl, plane.kubeconfig));
    await waitFor(async () => (await cluster.deployments()) === RUNTIMES, {
      timeoutMs: 120_000,
      what: 'the Deployments',
    });
    await untilIdle(redis);
    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
    say(await planTimes(redis));
    await measure(say, cluster, redis, 'a configuration that alters nothing', 'PODSPERRUNTIME: "2"');
    // The first apply of what was created takes over the creation's fields, which is a write of its own.
    await measure(say, cluster, redis, 'a configuration that alters every pod, the first', 'enableAccessLogging: true');
    await measure(say, cluster, redis, 'a configuration that alters every pod, the next', 'allowAnyPVC: true');
  } finally {
    redis.disconnect();
    for (const process of started.toReversed()) await process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gathering and planning one runtime, each of them once. */
async function planTimes(redis: Redis): Promise<string> {
  const log = { redis, prefix: PREFIX, queue: 'main', form: FORM, lockDurationMs: LOCK_DURATION_MS };
  const times: number[] = [];
  for (let i = 0; i < RUNTIMES; i += 1) {
    const key: WorkKey = { kind: 'runtime', namespace: NAMESPACE, name: `r${i}` };
    const start = performance.now();
    const { steps } = plan(toSnapshot(key, await gather(log, gatherRequest(key, CONTEXT)), CONTEXT), Date.now());
    times.push(performance.now() - start);
    if (steps.length > 0) throw new Error(`Runtime ${key.name} is not as it should be: ${JSON.stringify(steps[0])}`);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return `one of ${RUNTIMES} runtimes, gathered and planned: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

async function measure(say: Say, cluster: Cluster, redis: Redis, what: string, text: string): Promise<void> {
  const before = cluster.writes();
  const start = performance.now();
  await cluster.configure(text);
  await waitFor(async () => (await readQueueState(redis, PREFIX, Date.now())).dueKeys > 0, {
    timeoutMs: 10_000,
    what: 'the change to be seen',
    intervalMs: 5,
  });
  await untilIdle(redis);
  const seconds = (performance.now() - start - IDLE_MS) / 1_000;
  const writes = cluster.writes() - before;
  say(`${what}: all replanned in ${seconds.toFixed(1)} s, ${writes} writes (load ${loadavg()[0]?.toFixed(2)})`);
}

const IDLE_MS = 500;

async function untilIdle(redis: Redis): Promise<void> {
  let idleSince = performance.now();
  while (performance.now() - idleSince < IDLE_MS) {
    if ((await readQueueState(redis, PREFIX, Date.now())).dueKeys > 0) idleSince = performance.now();
    await delay(20);
  }
}

class Cluster {
  readonly #plane: ControlPlane;
  readonly #folder: string;

  constructor(plane: ControlPlane, folder: string) {
    this.#plane = plane;
    this.#folder = folder;
  }

  async fill(): Promise<void> {
    await this.#kubectl(
      'apply',
      '--server-side',
      '-f',
      join(ROOT, 'deploy/namespace.yaml'),
      '-f',
      join(ROOT, 'deploy/crds'),
    );
    await this.#kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
    const connection = JSON.stringify({ endpoints: this.#plane.etcd.endpoint, root_prefix: 'mesh' });
    await this.#create([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: { 'modelmesh-enabled': 'true' } } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: CONTEXT.etcdSecretName, namespace: OWN },
        stringData: { etcd_connection: connection },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'model-serving-config', namespace: OWN },
        data: { 'config.yaml': 'podsPerRuntime: 2' },
      },
    ]);
    await this.#create(Array.from({ length: RUNTIMES }, (_, i) => runtime(i)));
  }

  async deployments(): Promise<number> {
    return (await this.#kubectl('get', 'deployments', '-n', NAMESPACE, '-o', 'name')).split('\n').filter(Boolean)
      .length;
  }

  async configure(text: string): Promise<void> {
    const patch = JSON.stringify({
      data: { 'config.yaml': `podsPerRuntime: 2\n${text}`.replace(/^.*\n(?=PODS)/, '') },
    });
    await this.#kubectl('patch', 'configmap', 'model-serving-config', '-n', OWN, '--type=merge', '-p', patch);
  }

  /** Writes of whatever is ours, so far, by the API server's own log. */
  writes(): number {
    const lines = readFileSync(this.#plane.auditLog, 'utf8').split('\n');
    return lines.filter((line) => line.includes('fieldManager=meshkeeper')).length;
  }

  async #create(items: readonly object[]): Promise<void> {
    const file = join(this.#folder, 'objects.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await this.#kubectl('create', '-f', file);
  }

  async #kubectl(...args: readonly string[]): Promise<string> {
    const common = [`--kubeconfig=${this.#plane.kubeconfig}`, `--cache-dir=${join(this.#folder, 'kubectl')}`];
    const options = { maxBuffer: 64 * 1_024 * 1_024 };
    return (await promisify(execFile)(this.#plane.binaries.kubectl, [...common, ...args], options)).stdout;
  }
}

function runtime(i: number): object {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name: `r${i}`, namespace: NAMESPACE },
    spec: {
      multiModel: true,
      grpcEndpoint: 'port:8085',
      protocolVersions: ['grpc-v2'],
      supportedModelFormats: [{ name: `format-${i}`, version: '1', autoSelect: true }],
      containers: [{ name: 'server', image: 'a/b:1', resources: { limits: { memory: '1Gi' } } }],
    },
  };
}

async function startOwn(
  app: string,
  folder: string,
  redisUrl: string,
  kubeconfig: string,
): Promise<{ stop(): Promise<void> }> {
  const port = await freePort();
  return startProcess({
    name: app,
    command: process.execPath,
    args: [join('apps', app, 'src', 'main.ts')],
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      REDIS_URL: redisUrl,
      KUBECONFIG: kubeconfig,
    },
    logFile: join(folder, `${app}.log`),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    ports: [port],
  });
}
