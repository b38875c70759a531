import { endpointAddress, serveGrpc, type GrpcServer } from '@meshkeeper/grpc/typed';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { GRPCInferenceServiceDefinition } from '@meshkeeper/open-inference';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { env } from 'onnxruntime-node';
import { createInferenceService } from './inference-service.ts';
import { createModels } from './models/models.ts';
import { createRuntimeService } from './runtime-service.ts';
import { startSessionPool } from './sessions/session-pool.ts';
import type { OnnxSettings } from './settings.ts';

/** The mesh before it has limits of its own. */
const NO_LIMIT = -1;

/** Starts the server. `stop` lets running calls end, for a second at most. @throws Error when an endpoint is no endpoint, or is taken */
export async function startOnnxRuntime(settings: OnnxSettings, logger: Logger): Promise<Stoppable> {
  const version = env.versions.node ?? '';
  const pool = startSessionPool({ workers: settings.workers, threads: settings.intraOpThreads });
  const models = createModels(pool, settings);
  const management = createRuntimeService(models, settings, { version, logger });
  const inference = createInferenceService(models, version);
  const isOne = settings.managementEndpoint === settings.dataEndpoint;
  const servers: GrpcServer[] = [];
  const serve = async (
    endpoint: string,
    parts: { readonly manages: boolean; readonly infers: boolean },
  ): Promise<void> => {
    const address = endpointAddress(endpoint, settings.localhost);
    const server = await serveGrpc({
      address,
      maxMessageBytes: NO_LIMIT,
      register: (server) => {
        if (parts.manages) server.add(ModelRuntimeDefinition, management);
        if (parts.infers) server.add(GRPCInferenceServiceDefinition, inference);
      },
    });
    servers.push(server);
    logger.info({ address, ...parts }, 'Listening');
  };
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    await pool.stop();
  };
  try {
    await serve(settings.managementEndpoint, { manages: true, infers: isOne });
    if (!isOne) await serve(settings.dataEndpoint, { manages: false, infers: true });
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
