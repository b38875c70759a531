import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createChannel, createClient } from 'nice-grpc';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { acceptsConnections, freePort, startProcess } from '@meshkeeper/sandbox';

const SOURCE = join(import.meta.dirname, '../../../apps/puller/src/main.ts');
const SCRIPTED = join(import.meta.dirname, '../../../apps/scripted-runtime/src/main.ts');

/** Folders of a pod, with a claim `data` and a storage configuration, and the ports of its two processes. */
export async function makePod() {
  const folder = mkdtempSync(join(tmpdir(), 'puller-'));
  const at = (name: string): string => join(folder, name);
  for (const name of ['models', 'pvc/data', 'storage-config']) mkdirSync(at(name), { recursive: true });
  const [port, serverPort, controlPort, metricsPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  return {
    folder,
    models: at('models'),
    ports: { port, serverPort, controlPort, metricsPort },
    put: (path: string, content: string | Uint8Array): void => {
      mkdirSync(dirname(at(`pvc/data/${path}`)), { recursive: true });
      writeFileSync(at(`pvc/data/${path}`), content);
    },
    storage: (key: string, config: object): void => writeFileSync(at(`storage-config/${key}`), JSON.stringify(config)),
    remove: (): void => rmSync(folder, { recursive: true, force: true }),
  };
}

export type Pod = Awaited<ReturnType<typeof makePod>>;

/** The model server behind the puller, which behaves as the name of each model's file says. */
export async function startServer(pod: Pod) {
  const { serverPort, controlPort } = pod.ports;
  const ask = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${controlPort}${path}`)).json();
  const server = await startProcess({
    name: 'scripted-runtime',
    command: process.execPath,
    args: [SCRIPTED],
    env: { RUNTIME_ENDPOINT: `port:${serverPort}`, CONTROL_PORT: String(controlPort) },
    logFile: join(pod.folder, 'server.log'),
    ready: async () => Array.isArray(await ask('/models')),
    ports: [serverPort, controlPort],
  });
  return {
    ...server,
    calls: async () => (await ask('/calls')) as readonly string[],
    models: async () => ((await ask('/models')) as readonly { readonly id: string }[]).map(({ id }) => id),
  };
}

export async function startPuller(pod: Pod, more: Readonly<Record<string, string>> = {}) {
  const { port, serverPort, metricsPort } = pod.ports;
  const puller = await startProcess({
    name: 'puller',
    command: process.execPath,
    args: [SOURCE],
    env: {
      PORT: String(port),
      MODEL_SERVER_ENDPOINT: `port:${serverPort}`,
      ROOT_MODEL_DIR: pod.models,
      STORAGE_CONFIG_DIR: join(pod.folder, 'storage-config'),
      PVC_MOUNTS_DIR: join(pod.folder, 'pvc'),
      POD_LOCALHOST: '127.0.0.1',
      METRICS_PORT: String(metricsPort),
      PRESTOP_PORT: '0',
      ...more,
    },
    logFile: join(pod.folder, 'puller.log'),
    ready: () => acceptsConnections(port),
    ports: [port],
    readyTimeoutMs: 15_000,
  });
  const channel = createChannel(`127.0.0.1:${port}`, undefined, { 'grpc.max_reconnect_backoff_ms': 100 });
  return {
    ...puller,
    runtime: createClient(ModelRuntimeDefinition, channel),
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    stop: async () => {
      channel.close();
      await puller.stop();
    },
  };
}

export type RunningPuller = Awaited<ReturnType<typeof startPuller>>;
