import { endpointAddress, ModelRuntimeDefinition, serveGrpc } from '@meshkeeper/modelmesh';
import { createModelPuller, createStorage } from '@meshkeeper/storage';
import { createPullMetrics, createRegistry, startPodMetrics, type Logger, type Program } from '@meshkeeper/telemetry';
import { connectModelServer } from './model-server.ts';
import { createPuller } from './puller.ts';
import type { PullerSettings } from './settings.ts';

/** A pod has that long by default, less what stopping takes. */
const DRAIN_MS = 80_000;
const STOP_MS = 9_000;

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
  return {
    stopWithinMs: DRAIN_MS + STOP_MS,
    stop: async () => {
      await untilDrained(settings);
      await Promise.all([grpc.stop(), metrics.stop()]);
      await Promise.all([server.stop(), storage.stop()]);
    },
  };
}

/**
 * The mesh drains by our help. The other containers of a pod wait for it by a hook, which the puller's has none of in the pods that the
 * original rendered. Where there is no mesh, or none any more, there is nothing to wait for.
 */
async function untilDrained({ POD_LOCALHOST: localhost, PRESTOP_PORT: port }: PullerSettings): Promise<void> {
  if (port === 0) return;
  const signal = AbortSignal.timeout(DRAIN_MS);
  await fetch(`http://${localhost}:${port}/prestop`, { signal }).catch(() => undefined);
}
