import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, initialiseLog } from '@meshkeeper/event-log';
import { startSandbox, waitFor, type Sandbox, type SandboxOptions } from '../../src/index.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** A whole cluster with our own processes, and a folder for the files of a test. */
export type Cluster = { readonly sandbox: Sandbox; readonly folder: string; stop(): Promise<void> };

export async function startCluster(options: Partial<SandboxOptions> = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-e2e-'));
  const sandbox = await startSandbox({ folder: join(folder, 'state'), root: ROOT, newRedis, ...options });
  return {
    sandbox,
    folder,
    async stop() {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function newRedis(url: string): Promise<void> {
  const redis = connectRedis({ url });
  await initialiseLog(redis, '{meshkeeper}').finally(() => redis.disconnect());
}

/** Sweeps and loads take their size from one variable. */
export const isLarge = process.env['MESHKEEPER_SIZE'] === 'large';

export function inferenceService(name: string, path: string): object {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: 'modelmesh-serving',
      annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    },
    spec: { predictor: { model: { modelFormat: { name: 'onnx' }, storage: { key: 'k', path } } } },
  };
}

export async function applyModel({ sandbox, folder }: Cluster, name: string, path: string): Promise<void> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(inferenceService(name, path)));
  await sandbox.kubectl(['apply', '-f', file]);
}

export type Status = {
  readonly url?: string;
  readonly components?: { readonly predictor?: { readonly latestReadyRevision?: string } };
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly modelStatus?: {
    readonly transitionStatus?: string;
    readonly states?: { readonly activeModelState?: string; readonly targetModelState?: string };
    readonly lastFailureInfo?: { readonly reason?: string; readonly message?: string };
  };
};

export async function statusOf({ sandbox }: Cluster, name: string): Promise<Status> {
  const text = await sandbox.kubectl(['get', 'isvc', name, '-o', 'json']);
  return (JSON.parse(text) as { readonly status?: Status }).status ?? {};
}

/** `Ready transition active/target`, the words of a status that a user looks at. */
export function wordsOf({ conditions, modelStatus }: Status): string {
  const ready = conditions?.find(({ type }) => type === 'Ready')?.status ?? '-';
  const { activeModelState = '', targetModelState = '' } = modelStatus?.states ?? {};
  return `${ready} ${modelStatus?.transitionStatus ?? '-'} ${activeModelState}/${targetModelState}`;
}

export function untilWords(cluster: Cluster, name: string, words: string, timeoutMs = 30_000): Promise<Status> {
  return waitFor(
    async () => {
      const status = await statusOf(cluster, name);
      return wordsOf(status) === words ? status : undefined;
    },
    { timeoutMs, what: `${name} to show "${words}"` },
  );
}

/** Waits until the model whose id starts with `name` is the ready one, of another revision than `before`. */
export async function untilReady(cluster: Cluster, name: string, before = '', timeoutMs = 40_000): Promise<string> {
  const ready = await waitFor(
    async () => {
      const status = await statusOf(cluster, name);
      const revision = status.components?.predictor?.latestReadyRevision ?? '';
      return wordsOf(status) === 'True UpToDate Loaded/' && revision !== before && revision;
    },
    { timeoutMs, what: `${name} to be ready with a new model` },
  );
  return ready;
}

/** Every status that `kubectl get -w` shows from now on, as words, without repeats. */
export function watchWords({ sandbox }: Cluster, name: string): { words(): readonly string[]; stop(): void } {
  const child = spawn(
    sandbox.binaries.kubectl,
    [`--kubeconfig=${sandbox.kubeconfig}`, 'get', 'isvc', name, '-w', '-o', 'jsonpath={.status}{"\\n"}'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    words() {
      const all = text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => wordsOf(JSON.parse(line) as Status));
      return all.filter((words, i) => words !== all[i - 1]);
    },
    stop: () => child.kill(),
  };
}

/** Writes of our own service accounts, from the API server's audit log. */
export function ownWrites(auditLog: string): readonly string[] {
  return auditLog
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry)
    .filter(
      ({ user, verb }) => user.username.startsWith('system:serviceaccount:modelmesh-serving:') && WRITES.includes(verb),
    )
    .map(({ user, verb, requestURI, requestObject = '' }) =>
      `${user.username} ${verb} ${requestURI} ${JSON.stringify(requestObject)}`.replace(/ ""$/, ''),
    );
}

const WRITES = ['create', 'update', 'patch', 'delete'];
type AuditEntry = {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly requestObject?: object;
};

/** A cluster as a user of kubectl sees it. */
export function kubectlOf(current: () => Cluster) {
  const kubectl = (...args: readonly string[]): Promise<string> => current().sandbox.kubectl(args);
  return {
    kubectl,
    get: async <T>(...args: readonly string[]): Promise<T> =>
      JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T,
    /** Gives what the server made of it. */
    apply: async (object: object): Promise<string> => {
      const file = join(current().folder, `${crypto.randomUUID()}.json`);
      writeFileSync(file, JSON.stringify(object));
      return kubectl('apply', '-f', file, '-o', 'json');
    },
    /** Puts another text into the ConfigMap of the configuration. */
    configure: (text: string): Promise<string> => {
      const patch = JSON.stringify({ data: { 'config.yaml': text } });
      return kubectl('patch', 'configmap', 'model-serving-config', '--type=merge', '-p', patch);
    },
    replicasOf: async (runtime: string, namespace = 'modelmesh-serving'): Promise<number> => {
      const { spec } = JSON.parse(
        await kubectl('get', 'deployment', `modelmesh-serving-${runtime}`, '-n', namespace, '-o', 'json'),
      ) as { readonly spec: { readonly replicas: number } };
      return spec.replicas;
    },
  };
}
