import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannel, createClient, type Client } from 'nice-grpc';
import { createEtcdClient, readKvStore, type EtcdClient } from '@meshkeeper/etcd';
import {
  instanceIdOf,
  ModelMeshDefinition,
  modelStatusNumber,
  vmodelStatusNumber,
  type ModelStatusInfoMessage,
  type VModelStatusInfoMessage,
} from '@meshkeeper/modelmesh';
import { startScriptedRuntime, type ScriptedRuntime } from './scripted-runtime.ts';
import { freePort, startEtcd, startProcess, waitFor, type EtcdServer, type ManagedProcess } from '@meshkeeper/sandbox';

/** A mesh of real processes over a real etcd. Everything ends with `stop`. */
export type MeshFixture = {
  readonly etcd: EtcdServer;
  readonly store: EtcdClient;
  /** All keys of the mesh start so. */
  readonly prefix: string;
  readonly folder: string;
  startInstance(
    name: string,
    env?: Readonly<Record<string, string>>,
    runtimeEnv?: Readonly<Record<string, string>>,
  ): Promise<Instance>;
  /** On the same port and data. */
  restartEtcd(): Promise<void>;
  /** It hangs once this resolves: a process stops a moment after the signal. */
  freezeEtcd(): Promise<void>;
  stop(): Promise<void>;
};

export type Instance = {
  readonly iid: string;
  readonly address: string;
  readonly process: ManagedProcess;
  readonly api: Client<typeof ModelMeshDefinition>;
  readonly probes: string;
  readonly metrics: string;
  readonly runtime: ScriptedRuntime;
};

const MAIN = join(import.meta.dirname, '../../../apps/mesh/src/main.ts');

export async function startMeshFixture(): Promise<MeshFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-mesh-'));
  const port = await freePort();
  let etcd = await startEtcd({ folder, port });
  const kvStore = `etcd:${etcd.endpoint};rootPrefix=modelmesh-serving`;
  const store = createEtcdClient(readKvStore(kvStore));
  const closers: (() => void | Promise<void>)[] = [];
  return {
    get etcd() {
      return etcd;
    },
    store,
    folder,
    prefix: 'modelmesh-serving/mm/modelmesh-serving/',
    startInstance: async (name, env = {}, runtimeEnv = {}) => {
      const runtime = await startScriptedRuntime({
        env: { RUNTIME_INSTANCE: instanceIdOf(podOf(name)), ...runtimeEnv },
      });
      closers.push(() => runtime.stop());
      const port = runtime.address.split(':').at(-1) ?? '';
      const variables = { KV_STORE: kvStore, INTERNAL_GRPC_PORT: port, ...env };
      const instance = await startInstance(name, folder, variables);
      closers.push(
        () => instance.close(),
        () => instance.process.stop(0),
      );
      return { ...instance, runtime };
    },
    freezeEtcd: async () => {
      const quick = createEtcdClient(readKvStore(kvStore), { timeoutMs: 200 });
      etcd.freeze();
      const hangs = () =>
        quick.readHead().then(
          () => false,
          () => true,
        );
      await waitFor(hangs, { timeoutMs: 5_000, what: 'etcd to hang' });
      quick.close();
    },
    restartEtcd: async () => {
      etcd = await startEtcd({ folder, port });
    },
    stop: async () => {
      for (const close of closers) await close();
      store.close();
      await etcd.stop(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function podOf(name: string): string {
  return `modelmesh-serving-rt-5d8f6b-${name}`;
}

async function startInstance(name: string, folder: string, env: Readonly<Record<string, string>>) {
  const pod = podOf(name);
  const [port, probePort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const probes = `http://127.0.0.1:${probePort}`;
  const process = await startProcess({
    name,
    command: globalThis.process.execPath,
    args: [MAIN],
    env: {
      MM_SERVICE_NAME: 'modelmesh-serving',
      MM_SVC_GRPC_PORT: String(port),
      MM_PROBE_PORT: String(probePort),
      MM_METRICS: `prometheus:port=${metricsPort};scheme=http`,
      MESHKEEPER_PEER_PORT: '0',
      MM_PRESTOP_WAIT_PORT: '0',
      WKUBE_POD_NAME: pod,
      WKUBE_POD_IPADDR: '127.0.0.1',
      DIAL_LOOPBACK_ALIAS: 'true',
      MM_LOCATION: '127.0.0.11',
      MM_KVSTORE_PREFIX: 'mm',
      MM_DEFAULT_VMODEL_OWNER: 'ksp',
      LOG_LEVEL: 'debug',
      ...env,
    },
    logFile: join(folder, `${name}.log`),
    ready: async () => (await fetch(`${probes}/ready`)).ok,
    ports: [port, probePort],
    readyTimeoutMs: 15_000,
  });
  const address = `127.0.0.1:${port}`;
  const channel = createChannel(address, undefined, { 'grpc.use_local_subchannel_pool': 1 });
  const api = createClient(ModelMeshDefinition, channel);
  const close = () => channel.close();
  return { iid: instanceIdOf(pod), address, process, api, probes, metrics: `http://127.0.0.1:${metricsPort}`, close };
}

export const SKLEARN = { type: 'mt:sklearn', path: 'model.joblib', key: '{"storage_key":"k"}' };

export function setVModel(vModelId: string, targetModelId: string, more: Readonly<Record<string, unknown>> = {}) {
  return { vModelId, targetModelId, modelInfo: SKLEARN, autoDeleteTargetModel: true, ...more };
}

const nameOf = (numbers: Readonly<Record<string, number>>, value: number) =>
  Object.keys(numbers).find((name) => numbers[name] === value) ?? String(value);

/** A reply as the observed tables write it: defaults left out, statuses by name, a copy without its time. */
export function plainModel({ status, errors, modelCopyInfos }: ModelStatusInfoMessage) {
  return {
    ...(status === 0 ? {} : { status: nameOf(modelStatusNumber, status) }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(modelCopyInfos.length === 0
      ? {}
      : { copies: modelCopyInfos.map((copy) => `${copy.location} ${nameOf(modelStatusNumber, copy.copyStatus)}`) }),
  };
}

export function plainVModel(reply: VModelStatusInfoMessage) {
  const { status, activeModelId, targetModelId, owner, activeModelStatus, targetModelStatus } = reply;
  return {
    ...(status === 0 ? {} : { status: nameOf(vmodelStatusNumber, status) }),
    ...(activeModelId === '' ? {} : { activeModelId }),
    ...(targetModelId === '' ? {} : { targetModelId }),
    ...(owner === '' ? {} : { owner }),
    ...(activeModelStatus && { active: plainModel(activeModelStatus) }),
    ...(targetModelStatus && { target: plainModel(targetModelStatus) }),
  };
}

/** The gRPC error of a call as `CODE text`. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as { readonly code?: number; readonly details?: string };
    return `${CODES[code ?? 2] ?? code} ${details}`;
  }
  return 'OK';
}

const CODES: Readonly<Record<number, string>> = {
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  9: 'FAILED_PRECONDITION',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
};

/** Polls until the status of a model is the wanted one, and gives the reply. */
export function untilModel(instance: Instance, modelId: string, status: string, timeoutMs = 10_000) {
  return waitFor(
    async () => {
      const reply = plainModel(await instance.api.getModelStatus({ modelId }));
      return reply.status === status ? reply : undefined;
    },
    { timeoutMs, what: `${modelId} to be ${status}`, intervalMs: 20 },
  );
}

export function untilVModel(instance: Instance, vModelId: string, status: string, timeoutMs = 10_000) {
  return waitFor(
    async () => {
      const reply = plainVModel(await instance.api.getVModelStatus({ vModelId }));
      return reply.status === status ? reply : undefined;
    },
    { timeoutMs, what: `${vModelId} to be ${status}`, intervalMs: 20 },
  );
}

/** Collects what a watcher of the mesh sees, by revision: `put registry/m1 {…}`. Times become `T`. */
export function recordChanges({ store, prefix }: MeshFixture, fromRevision: bigint) {
  const stop = new AbortController();
  const revisions: string[][] = [];
  const done = (async () => {
    for await (const batch of store.watchPrefix({ prefix, fromRevision, signal: stop.signal })) {
      if (batch.kind !== 'events') continue;
      const byRevision = Map.groupBy(batch.events, ({ modRevision }) => modRevision);
      for (const events of byRevision.values()) {
        const lines = events
          .filter(({ key }) => !key.includes('/instances/') && !key.includes('/leaderLatch/'))
          .map(({ kind, key, value }) => `${kind} ${key.slice(prefix.length)} ${value.replace(/\d{13}/g, 'T')}`.trim());
        if (lines.length > 0) revisions.push(lines);
      }
    }
  })();
  return {
    revisions,
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}
