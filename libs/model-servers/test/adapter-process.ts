import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createChannel, createClient, type Client } from 'nice-grpc';
import { ModelRuntimeDefinition, RuntimeStatusNumber, type RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import { acceptsConnections, freePort, startProcess, waitFor } from '@meshkeeper/sandbox';

export type RunningAdapter = {
  readonly runtime: Client<typeof ModelRuntimeDefinition>;
  /** `/models` of the pod. */
  readonly root: string;
  /** Puts a file into the claim that models are loaded from. */
  put(path: string, content: string | Uint8Array): void;
  /** Loads a model of the claim. */
  load(modelId: string, modelType: string, modelPath: string, more?: object): Promise<{ readonly sizeInBytes: bigint }>;
  untilReady(): Promise<RuntimeStatusResponse>;
  stop(): Promise<void>;
};

const MAIN = join(import.meta.dirname, '../../../apps/adapter/src/main.ts');

/** A folder that is a pod's: its models, its claims and its storage configuration. */
export function podFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'adapter-'));
  const at = (name: string): string => join(folder, name);
  for (const name of ['models', 'pvc/data', 'storage-config']) mkdirSync(at(name), { recursive: true });
  return {
    folder,
    models: at('models'),
    claim: at('pvc/data'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export type PodFolder = ReturnType<typeof podFolder>;

/** The adapter as a process, in a pod's folder, for a server that listens on `port` of 127.0.0.1. */
export async function startAdapter(
  type: string,
  pod: PodFolder,
  port: number,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningAdapter> {
  const adapterPort = await freePort();
  const process = await startProcess({
    name: `${type}-adapter`,
    command: globalThis.process.execPath,
    args: [MAIN, type],
    env: {
      PATH: globalThis.process.env['PATH'] ?? '',
      ADAPTER_PORT: String(adapterPort),
      RUNTIME_PORT: String(port),
      CONTAINER_MEM_REQ_BYTES: String(2 ** 30),
      MEM_BUFFER_BYTES: String(2 ** 27),
      USE_EMBEDDED_PULLER: 'true',
      ROOT_MODEL_DIR: pod.models,
      STORAGE_CONFIG_DIR: join(pod.folder, 'storage-config'),
      PVC_MOUNTS_DIR: join(pod.folder, 'pvc'),
      MODEL_CONFIG_FILE: join(pod.models, 'model_config_list.json'),
      POD_LOCALHOST: '127.0.0.1',
      METRICS_PORT: '0',
      ...more,
    },
    logFile: join(pod.folder, 'adapter.log'),
    ready: () => acceptsConnections(adapterPort),
    ports: [adapterPort],
    readyTimeoutMs: 15_000,
  });
  const channel = createChannel(`127.0.0.1:${adapterPort}`, undefined, { 'grpc.max_reconnect_backoff_ms': 100 });
  const runtime = createClient(ModelRuntimeDefinition, channel);
  return {
    runtime,
    root: pod.models,
    put: (path, content) => {
      const file = join(pod.claim, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    load: (modelId, modelType, modelPath, key = {}) => {
      const storage = { storage_params: { type: 'pvc', name: 'data' } };
      const modelKey = JSON.stringify({ ...storage, model_type: { name: modelType }, ...key });
      return runtime.loadModel({ modelId, modelType: `mt:${modelType}`, modelPath, modelKey });
    },
    untilReady: () =>
      waitFor(
        async () => {
          const status = await runtime.runtimeStatus({});
          return status.status === RuntimeStatusNumber.READY ? status : undefined;
        },
        { timeoutMs: 60_000, what: `the ${type}-adapter to be ready` },
      ),
    stop: async () => {
      channel.close();
      await process.stop();
    },
  };
}
