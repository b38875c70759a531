import { endpointAddress, serveGrpc } from '@meshkeeper/grpc/typed';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { createModelPuller, createStorage } from '@meshkeeper/storage';
import { createPullMetrics, createRegistry } from '@meshkeeper/metrics';
import { startPodMetrics, stopAfterMesh, type Logger, type Program } from '@meshkeeper/process';
import { connectModelServer } from './model-server.ts';
import { createPuller } from './puller.ts';
import type { PullerSettings } from './settings.ts';

/** @throws Error when the model server does not answer, or a port is taken */
export async function startPuller(settings: PullerSettings, logger: Logger): Promise<Program> {
  const { POD_LOCALHOST: localhost, ROOT_MODEL_DIR: root, STORAGE_CONFIG_DIR: configDir } = settings;
  const registry = createRegistry();
  const storage = createStorage({ pvcMounts: settings.PVC_MOUNTS_DIR, onPull: createPullMetrics(registry) });
  const server = await connectModelServer(endpointAddress(settings.MODEL_SERVER_ENDPOINT, localhost));
  const models = createModelPuller({ root, configDir, storage });
  const puller = createPuller({ server, models, logger });
  const address = `${localhost}:${settings.PORT}`;
  const grpc = await serveGrpc({ address, register: (on) => on.add(ModelRuntimeDefinition, puller) });
  const metrics = await startPodMetrics({ port: settings.METRICS_PORT, localhost, registry, logger });
  logger.info({ address, server: settings.MODEL_SERVER_ENDPOINT }, 'Listening');
  return stopAfterMesh({ port: settings.PRESTOP_PORT, localhost }, async () => {
    await Promise.all([grpc.stop(), metrics.stop()]);
    await Promise.all([server.stop(), storage.stop()]);
  });
}
