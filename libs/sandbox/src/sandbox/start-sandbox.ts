import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimAddressRange } from '../address-range.ts';
import { controlPlaneBinaries } from '../binaries/control-plane-binaries.ts';
import type { ControlPlaneBinaries } from '../binaries/paths.ts';
import { ensureRedis } from '../ensure-redis.ts';
import { freePort } from '../free-port.ts';
import { startNode, type SandboxNode } from '../node/node.ts';
import { DEFAULT_PROGRAMS } from '../node/programs.ts';
import { stopLeftovers } from '../process-record.ts';
import type { SupervisedProcess } from '../supervised.ts';
import { waitFor } from '../wait-for.ts';
import {
  applyFoundation,
  applyResources,
  ensureNamespace,
  ETCD_SECRET,
  NAMESPACE,
  resourcesDigest,
  sampleState,
  untilDefinitionsServed,
  writeEtcdSecret,
  type SampleState,
} from './cluster-objects.ts';
import {
  startKeptRedis,
  startKubernetes,
  startManager,
  startMeshEtcd,
  type ClusterInput,
  type Kubernetes,
} from './cluster.ts';
import { kubectlFor, type Kubectl } from './kubectl.ts';
import { stepsFor, type SandboxOptions } from './options.ts';
import { ownProcesses, startOwnProcess, type OwnProcess } from './own-processes.ts';
import { Parts, STOPPED, type Stage } from './parts.ts';
import { choosePorts } from './ports.ts';
import { accountKubeconfig } from './service-account.ts';
import { claimStateFolder, readState, statePaths, writeState } from './state-folder.ts';
import { createServingAuthority, forgetWebhooks, registerWebhooks } from './webhook.ts';

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
  const lock = await claimStateFolder(paths, options.fresh ?? false);
  await parts.keep('locks', () => ({ stop: async () => lock.release() }));
  // What is still starting when the stop comes is known by its record only.
  await parts.keep('leftovers', () => ({ stop: async () => void (await stopLeftovers(paths.records)) }));
  const ports = await choosePorts(options.ports ?? 'random');
  const state = readState(paths.state);
  const range = await claimAddressRange(state.second);
  await parts.keep('locks', () => ({ stop: () => range.release() }));

  // 2. Programs. Redis first: asking for it is quick, building takes minutes.
  await step('Redis program', (moving) => ensureRedis(moving));
  const binaries = await step('Control plane programs', (moving) => controlPlaneBinaries(moving));

  // 3. The servers, side by side.
  const input: ClusterInput = { paths, ports, binaries, parts, step, log };
  const [kubernetes, meshEtcd, redis] = await Promise.all([
    step('Kubernetes API', () => startKubernetes(input)),
    step("The mesh's etcd", () => startMeshEtcd(input)),
    step('Redis', () => startKeptRedis(input, options.newRedis ?? (async () => {}))),
  ]);
  const running: SupervisedProcess[] = [...kubernetes.processes, meshEtcd, redis];

  // 4. What the processes need to find in the cluster; the node and the controller manager come up meanwhile.
  const runner = kubectlFor(binaries.kubectl, paths.kubeconfig, join(paths.folder, 'kubectl-cache'));
  const { kubectl } = await parts.keep('locks', () => runner);
  const context: Context = { options, input, kubernetes, kubectl, second: range.second, manifests: state.manifests };
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
    second: range.second,
    binaries: binaries.folder,
    manifests: resourcesDigest(deployOf(options)),
  });

  // 6. The proof that all of it works.
  const sample = await untilSampleReady(context);
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
    processes: () => [...running],
    process: (name) => findProcess(running, name),
    stop: (onStage) => parts.stop(onStage),
  };
}

type Context = {
  readonly options: SandboxOptions;
  readonly input: ClusterInput;
  readonly kubernetes: Kubernetes;
  readonly kubectl: Kubectl;
  readonly second: number;
  /** Digest of the manifests that an earlier life applied. */
  readonly manifests: string | undefined;
};

function deployOf(options: SandboxOptions): string {
  return options.deploy ?? join(options.root, 'deploy');
}

function isFirstStart(context: Context): boolean {
  return context.manifests !== resourcesDigest(deployOf(context.options));
}

function startNodeFor({ options, input, kubernetes, second }: Context): Promise<SandboxNode> {
  return startNode({
    client: kubernetes.node,
    name: 'sandbox',
    second,
    folder: input.paths.folder,
    programs: options.programs ?? DEFAULT_PROGRAMS,
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

/** What any program needs to run at all; nothing else of the user's environment reaches ours. */
function baseEnv(options: SandboxOptions): Readonly<Record<string, string>> {
  const passed = ['PATH', 'HOME', 'LANG', 'TZ'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(passed), LOG_LEVEL: options.logLevel ?? 'info', ...options.env };
}

async function prepareCluster(context: Context): Promise<void> {
  const { kubernetes, input, options } = context;
  const secret = async (): Promise<void> => {
    await ensureNamespace(kubernetes.admin, NAMESPACE);
    await writeEtcdSecret(kubernetes.admin, NAMESPACE, `http://127.0.0.1:${input.ports.meshEtcd}`);
  };
  await Promise.all([
    secret(),
    forgetWebhooks(kubernetes.admin, webhookManifest(options)),
    applyFoundation(context.kubectl, deployOf(options), isFirstStart(context)),
  ]);
  await untilDefinitionsServed(kubernetes.admin);
}

async function fillCluster(context: Context): Promise<void> {
  if (!isFirstStart(context)) return;
  const sample = context.options.sample ?? context.options.processes ?? true;
  await applyResources(context.kubectl, deployOf(context.options), sample);
}

async function startOwn(context: Context): Promise<readonly SupervisedProcess[]> {
  const { options, input, kubernetes } = context;
  if (options.processes === false) return [];
  const { paths, parts, ports, log } = input;
  const env = {
    ...baseEnv(options),
    NAMESPACE,
    ETCD_SECRET_NAME: ETCD_SECRET,
    REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
    DIAL_LOOPBACK_TWIN: 'true',
  };
  const account = (app: string): Promise<string> =>
    accountKubeconfig({
      client: kubernetes.admin,
      caFile: kubernetes.files.caFile,
      namespace: NAMESPACE,
      account: app,
      folder: paths.accounts,
    });
  const folders = { root: options.root, logFolder: paths.logs, recordFolder: paths.records };
  const startOne: StartOne = (own, more) =>
    input.step(own.name, async () => {
      const kubeconfig = await account(own.app);
      return parts.keep('our processes', () =>
        startOwnProcess({ own, ...folders, env: { ...env, ...more, KUBECONFIG: kubeconfig }, log }),
      );
    });
  return Promise.all([
    ...ownProcesses(options.replicas ?? 1, ports.console).map((own) => startOne(own)),
    startWebhook(context, startOne),
  ]);
}

type StartOne = (own: OwnProcess, env?: Readonly<Record<string, string>>) => Promise<SupervisedProcess>;

/** The API server is told of the webhook when it serves, and not before: until then nobody's object is held up. */
async function startWebhook({ options, input, kubernetes }: Context, startOne: StartOne): Promise<SupervisedProcess> {
  const authority = createServingAuthority();
  const { webhook: folder } = input.paths;
  authority.writePair(folder);
  const port = String(await freePort());
  const env = { WEBHOOK_HOST: '127.0.0.1', WEBHOOK_PORT: port, WEBHOOK_CERT_DIR: folder };
  const webhook = await startOne({ name: 'webhook', app: 'webhook' }, env);
  const local = { url: `https://127.0.0.1:${port}`, authority: authority.certificate };
  await registerWebhooks(kubernetes.admin, webhookManifest(options), local);
  return webhook;
}

function webhookManifest(options: SandboxOptions): string {
  return join(deployOf(options), 'webhook', 'configurations.yaml');
}

const SAMPLE_LIMIT_MS = 60_000;

async function untilSampleReady(context: Context): Promise<SampleState> {
  const { options, kubernetes, input } = context;
  if (!(options.sample ?? options.processes ?? true)) return { kind: 'absent' };
  let state: SampleState = { kind: 'absent' };
  const settled = async (moving: (text: string) => void): Promise<boolean> => {
    state = await sampleState(kubernetes.admin, NAMESPACE);
    if (state.kind === 'waiting') moving(`waits for ${state.waitsFor}`);
    return state.kind !== 'waiting';
  };
  await input.step('Sample InferenceService', async (moving) => {
    // Not ready in time is no reason to take the cluster away: it is there to be looked at.
    await waitFor(() => settled(moving), { timeoutMs: SAMPLE_LIMIT_MS, what: 'the sample', intervalMs: 200 }).catch(
      () => undefined,
    );
  });
  return state;
}

function findProcess(running: readonly SupervisedProcess[], name: string): SupervisedProcess {
  const found = running.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(`The sandbox has no process ${name}; it has ${running.map((each) => each.name).join(', ')}`);
}
