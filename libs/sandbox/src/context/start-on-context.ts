import { homedir } from 'node:os';
import { join } from 'node:path';
import { kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { freePort, reservePort } from '../free-port.ts';
import { startRedis } from '../redis.ts';
import { stepsFor, type Progress, type Step } from '../sandbox/options.ts';
import { ownProcesses, startOwnProcess } from '../sandbox/own-processes.ts';
import { Parts, STOPPED, type Stage } from '../sandbox/parts.ts';
import { PREFERRED_PORTS } from '../sandbox/ports.ts';
import { claimStateFolder, statePaths, type StatePaths } from '../sandbox/state-folder.ts';
import { supervise, type SupervisedProcess } from '../supervised.ts';
import { checkContext } from './check-context.ts';
import { redisProblem } from './external-redis.ts';

export type OnContextOptions = {
  readonly context: string;
  /** For logs and the local Redis. */
  readonly folder: string;
  /** The root of this repository. */
  readonly root: string;
  readonly replicas: number;
  /** The user's environment, passed on: KUBECONFIG, NAMESPACE, ETCD_SECRET_NAME and REDIS_URL are read here, too. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
};

export type OnContext = {
  readonly consoleUrl: string | undefined;
  processes(): readonly SupervisedProcess[];
  stop(onStage?: (stage: Stage) => void): Promise<void>;
};

/**
 * Runs our processes against the cluster of a kubeconfig context. Checks first and writes nothing before.
 * @throws Error with one sentence, and nothing left running.
 */
export async function startOnContext(options: OnContextOptions): Promise<OnContext> {
  const parts = new Parts();
  const { signal } = options;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error(STOPPED)), { once: true });
  });
  try {
    return await Promise.race([start(options, parts), aborted]);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function start(options: OnContextOptions, parts: Parts): Promise<OnContext> {
  const progress = options.progress ?? (() => {});
  const log = (text: string): void => progress({ kind: 'note', text });
  const step = stepsFor(progress);
  const paths = statePaths(options.folder);
  const given = options.env['REDIS_URL'];
  const external = given === undefined || given === '' ? undefined : given;

  const kubeconfig = options.env['KUBECONFIG'] || join(homedir(), '.kube', 'config');
  await step('Cluster', () => checkCluster(options, kubeconfig));
  if (external !== undefined) await step('Redis', () => checkRedis(external, options.env));
  const lock = await claimStateFolder(paths, false);
  await parts.keep('locks', () => ({ stop: async () => lock.release() }));
  const redisUrl = external ?? (await step('Redis', () => startLocalRedis(paths, parts, log)));
  const env = { ...definedOf(options.env), KUBECONFIG: kubeconfig, KUBE_CONTEXT: options.context, REDIS_URL: redisUrl };
  const own = await startAll(options, { env, paths, parts, step, log });
  return {
    consoleUrl: own.find((each) => each.name === 'console')?.url,
    processes: () => own,
    stop: (onStage) => parts.stop(onStage),
  };
}

async function checkCluster(options: OnContextOptions, kubeconfig: string): Promise<void> {
  const access = kubeAccess({ file: kubeconfig, context: options.context });
  const client = new KubeTransport({ access });
  try {
    await checkContext({
      client,
      namespace: options.env['NAMESPACE'] || 'modelmesh-serving',
      etcdSecret: options.env['ETCD_SECRET_NAME'] || 'model-serving-etcd',
      dialAlias: options.env['DIAL_LOOPBACK_ALIAS'] === 'true',
    });
  } finally {
    await client.stop();
  }
}

async function checkRedis(url: string, env: OnContextOptions['env']): Promise<void> {
  const problem = await redisProblem(url, env);
  if (problem !== undefined) throw new Error(problem);
}

async function startLocalRedis(paths: StatePaths, parts: Parts, log: (line: string) => void): Promise<string> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const begin = (): ReturnType<typeof startRedis> =>
    startRedis({ folder: paths.redis, port, recordFolder: paths.records });
  await parts.keep('Kubernetes and Redis', () =>
    supervise({ name: 'redis', url, logFile: join(paths.redis, 'redis.log'), start: begin, log }),
  );
  return url;
}

type Surroundings = {
  readonly env: Readonly<Record<string, string>>;
  readonly paths: StatePaths;
  readonly parts: Parts;
  readonly step: Step;
  readonly log: (line: string) => void;
};

async function startAll(options: OnContextOptions, around: Surroundings): Promise<readonly SupervisedProcess[]> {
  const { env, paths, parts, step, log } = around;
  const preferred = PREFERRED_PORTS.console;
  const console = (await reservePort(preferred)) ? preferred : await freePort();
  const folders = { root: options.root, logFolder: paths.logs, recordFolder: paths.records };
  return Promise.all(
    ownProcesses(options.replicas, console).map((own) =>
      step(own.name, () => parts.keep('our processes', () => startOwnProcess({ own, ...folders, env, log }))),
    ),
  );
}

function definedOf(env: OnContextOptions['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
