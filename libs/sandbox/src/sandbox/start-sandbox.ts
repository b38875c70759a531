import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimAddressRange } from '../address-range.ts';
import { controlPlaneBinaries } from '../binaries/control-plane-binaries.ts';
import type { ControlPlaneBinaries } from '../binaries/paths.ts';
import { ensureRedis } from '../ensure-redis.ts';
import { startNode, type SandboxNode } from '../node/node.ts';
import { ensureS3Server } from '../object-stores/object-store-binaries.ts';
import { stopLeftovers } from '../process-record.ts';
import { ensureMlserver } from '../serving/ensure-mlserver.ts';
import { fillModelStore, startModelStore } from '../serving/model-store.ts';
import type { Prediction } from '../serving/prediction.ts';
import { programsOf, SCRIPTED, type Serving } from '../serving/serving.ts';
import type { SupervisedProcess } from '../supervised.ts';
import { NAMESPACE, resourcesDigest, type SampleState } from './cluster-objects.ts';
import { startKeptRedis, startKubernetes, startManager, startMeshEtcd, type ClusterInput } from './cluster.ts';
import { baseEnv, deployOf, type Context } from './context.ts';
import { fillCluster, prepareCluster } from './fill-cluster.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { stepsFor, type SandboxOptions, type Step } from './options.ts';
import { Parts, STOPPED, type Stage } from './parts.ts';
import { reservePorts, type SandboxPorts } from './ports.ts';
import { askSamples, untilSamplesReady } from './samples.ts';
import { startOwn } from './start-own.ts';
import {
  claimStateFolder,
  readState,
  statePaths,
  writeState,
  type SandboxState,
  type StatePaths,
} from './state-folder.ts';

export type Sandbox = {
  readonly folder: string;
  readonly namespace: string;
  /** An administrator's. */
  readonly kubeconfig: string;
  readonly apiUrl: string;
  readonly redisUrl: string;
  readonly meshEtcdUrl: string;
  /** Undefined without our processes. */
  readonly consoleUrl: string | undefined;
  readonly binaries: ControlPlaneBinaries;
  /** One JSON object a line for each write; our processes are `system:serviceaccount:modelmesh-serving:<app>`. */
  readonly auditLog: string;
  readonly node: SandboxNode;
  readonly kubectl: Kubectl;
  /** How the sample stood when the start ended. */
  readonly sample: SampleState;
  /** What the samples answered when the start ended; empty with scripted servers. */
  readonly predictions: readonly Prediction[];
  /** Everything that is kept alive: kubernetes-etcd, mesh-etcd, kube-apiserver, kube-controller-manager, redis and ours. */
  processes(): readonly SupervisedProcess[];
  /** @throws Error when there is none of this name. */
  process(name: string): SupervisedProcess;
  /** Stops all in order. Safe to call twice. Never rejects. */
  stop(onStage?: (stage: Stage) => void): Promise<void>;
};

/**
 * Starts a whole cluster with our processes on it. When any part fails, or `signal` aborts, what has started is stopped.
 * @throws Error whose message can be shown as it is.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const parts = new Parts();
  const { signal } = options;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error(STOPPED)), {
      once: true,
    });
  });
  try {
    signal?.throwIfAborted();
    return await Promise.race([start(options, parts), aborted]);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function start(options: SandboxOptions, parts: Parts): Promise<Sandbox> {
  const progress = options.progress ?? (() => {});
  const log = (text: string): void => progress({ kind: 'note', text });
  const step = stepsFor(progress);
  const paths = statePaths(options.folder);

  // 1. The folder, the ports and a range of pod addresses are ours, or nothing starts.
  const { ports, state, second } = await claim(options, paths, parts);

  // 2. Programs.
  const serving = options.serving ?? SCRIPTED;
  const { binaries, mlserver } = await findPrograms(step, serving);

  // 3. The servers, side by side.
  const input: ClusterInput = { paths, ports, binaries, parts, step, log };
  const [kubernetes, meshEtcd, redis, modelStore] = await Promise.all([
    step('Kubernetes API', () => startKubernetes(input)),
    step("The mesh's etcd", () => startMeshEtcd(input)),
    step('Redis', () => startKeptRedis(input, options.newRedis ?? (async () => {}))),
    serving.kind === 'real' ? startFilledStore(input, options.root, mlserver) : [],
  ]);
  const running: SupervisedProcess[] = [...kubernetes.processes, meshEtcd, redis, ...modelStore];

  // 4. What the processes need to find in the cluster; the node and the controller manager start concurrently.
  const runner = kubectlFor(binaries.kubectl, paths.kubeconfig, join(paths.folder, 'kubectl-cache'));
  const { kubectl } = await parts.keep('locks', () => runner);
  const context: Context = { options, input, kubernetes, kubectl, second, state, serving, mlserver };
  const [node, manager] = await Promise.all([
    step('Node', () => parts.keep('the node and its pods', () => startNodeFor(context))),
    step('Controller manager', () => startManager(input, kubernetes)),
    step('Resource definitions, rights, configuration', () => prepareCluster(context)),
  ]);
  running.push(manager);

  // 5. Our processes, and what they work on.
  const [own] = await Promise.all([startOwn(context), step('Runtimes and sample', () => fillCluster(context))]);
  running.push(...own);
  writeState(paths.state, {
    second,
    ports,
    binaries: binaries.folder,
    manifests: resourcesDigest(deployOf(options), serving),
  });

  // 6. The proof that all of it works.
  const sample = await untilSamplesReady(context);
  const predictions = sample.kind === 'ready' ? await askSamples(context) : [];
  return {
    folder: paths.folder,
    namespace: NAMESPACE,
    kubeconfig: paths.kubeconfig,
    apiUrl: kubernetes.url,
    redisUrl: `redis://127.0.0.1:${ports.redis}`,
    meshEtcdUrl: `http://127.0.0.1:${ports.meshEtcd}`,
    consoleUrl: own.find((each) => each.name === 'console')?.url,
    binaries,
    auditLog: kubernetes.auditLog,
    node,
    kubectl,
    sample,
    predictions,
    processes: () => [...running],
    process: (name) => findProcess(running, name),
    stop: (onStage) => parts.stop(onStage),
  };
}

type Claimed = { readonly ports: SandboxPorts; readonly state: SandboxState; readonly second: number };

async function claim(options: SandboxOptions, paths: StatePaths, parts: Parts): Promise<Claimed> {
  const lock = await claimStateFolder(paths, options.fresh ?? false);
  await parts.keep('locks', () => ({ stop: async () => lock.release() }));
  // What is still starting when the stop comes is known by its record only.
  await parts.keep('leftovers', () => ({ stop: async () => void (await stopLeftovers(paths.records)) }));
  const state = readState(paths.state);
  const { ports, release } = await reservePorts([state.ports, options.ports]);
  await parts.keep('locks', () => ({ stop: async () => release() }));
  const range = await claimAddressRange(state.second);
  await parts.keep('locks', () => ({ stop: () => range.release() }));
  const { second } = range;
  writeState(paths.state, { ...state, ports, second });
  return { ports, state, second };
}

type Programs = { readonly binaries: ControlPlaneBinaries; readonly mlserver: string | undefined };

/** Redis first: finding it is quick, building takes minutes. */
async function findPrograms(step: Step, serving: Serving): Promise<Programs> {
  await step('Redis program', (moving) => ensureRedis(moving));
  const binaries = await step('Control plane programs', (moving) => controlPlaneBinaries(moving));
  if (serving.kind === 'scripted') return { binaries, mlserver: undefined };
  await step('Object store program', (moving) => ensureS3Server(moving));
  const mlserver = serving.mlserver ? await step('MLServer', (moving) => ensureMlserver(moving)) : undefined;
  return { binaries, mlserver };
}

async function startFilledStore(
  input: ClusterInput,
  root: string,
  mlserver: string | undefined,
): Promise<readonly SupervisedProcess[]> {
  await fillModelStore(input.paths.objectStore, root, mlserver);
  return [await input.step('Object store', () => startModelStore(input))];
}

function startNodeFor({ options, input, kubernetes, second, mlserver }: Context): Promise<SandboxNode> {
  return startNode({
    client: kubernetes.node,
    name: 'sandbox',
    second,
    folder: input.paths.folder,
    programs: options.programs ?? programsOf(mlserver),
    programsRoot: options.root,
    baseEnv: baseEnv(options),
    recordFolder: input.paths.records,
    logTls: {
      certificate: readFileSync(kubernetes.files.kubelet.certificateFile, 'utf8'),
      key: readFileSync(kubernetes.files.kubelet.keyFile, 'utf8'),
      clientAuthority: readFileSync(kubernetes.files.caFile, 'utf8'),
    },
    log: input.log,
  });
}

function findProcess(running: readonly SupervisedProcess[], name: string): SupervisedProcess {
  const found = running.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(`The sandbox has no process ${name}; it has ${running.map((each) => each.name).join(', ')}`);
}
