import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { serveGrpc } from '@meshkeeper/grpc/typed';
import { createModelPuller, createStorage } from '@meshkeeper/storage';
import { createPullMetrics, createRegistry } from '@meshkeeper/metrics';
import { startPodMetrics, type Logger, type Stoppable } from '@meshkeeper/process';
import { createAdapter } from './adapter.ts';
import { createMlserver } from '../mlserver/server.ts';
import type { ModelServer } from './model-server.ts';
import { createOvms } from '../ovms/server.ts';
import type { ServerType } from './server-type.ts';
import type { AdapterSettings } from './settings.ts';
import { createTorchserve } from '../torchserve/server.ts';
import { createTriton } from '../triton/server.ts';

/** @throws Error when the port is taken, or the model root cannot be written */
export async function startAdapter(settings: AdapterSettings, logger: Logger): Promise<Stoppable> {
  const registry = createRegistry();
  const server = MODEL_SERVERS[settings.type](settings);
  const storage = createStorage({ pvcMounts: settings.PVC_MOUNTS_DIR, onPull: createPullMetrics(registry) });
  const { ROOT_MODEL_DIR: root, STORAGE_CONFIG_DIR: configDir, USE_EMBEDDED_PULLER: embedded } = settings;
  const puller = embedded ? createModelPuller({ root, configDir, storage }) : undefined;
  const adapter = createAdapter({ settings, server, puller, logger });
  const localhost = settings.POD_LOCALHOST;
  const address = `${localhost}:${settings.ADAPTER_PORT}`;
  const grpc = await serveGrpc({ address, register: (on) => on.add(ModelRuntimeDefinition, adapter) });
  const metrics = await startPodMetrics({ port: settings.METRICS_PORT, localhost, registry, logger });
  logger.info({ server: server.name, address }, 'Listening');
  return {
    stop: async () => {
      await Promise.all([grpc.stop(), metrics.stop()]);
      await Promise.all([server.stop(), storage.stop()]);
    },
  };
}

/** How each kind of server is adapted. */
const MODEL_SERVERS: Readonly<Record<ServerType, (settings: AdapterSettings) => ModelServer>> = {
  triton: createTriton,
  mlserver: createMlserver,
  ovms: createOvms,
  torchserve: createTorchserve,
};
