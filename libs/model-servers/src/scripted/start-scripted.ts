import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { startGrpcServer, type GrpcServerOptions, type ListenOn } from '@meshkeeper/grpc';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { startControl } from './control.ts';
import { createInference } from './inference.ts';
import { createManagement } from './management.ts';
import { createModels } from './models.ts';
import type { ScriptedSettings } from './settings.ts';

/** @throws Error when an endpoint or port is taken; nothing is left running then, as the process ends with it. */
export async function startScripted(settings: ScriptedSettings, logger: Logger): Promise<Stoppable> {
  const { host, management, data, RUNTIME_INSTANCE: instance, CONTROL_PORT: controlPort } = settings;
  const crash = (): never => process.exit(1);
  const models = createModels(instance, crash);
  const infer = createInference(instance, models);
  const manage = createManagement(settings, models);
  // On an endpoint for both, the management service goes first; on one of its own, data knows no management.
  const servers = [await serve(management, (call) => manage(call) ?? infer(call))];
  if (data !== undefined) servers.push(await serve(data, infer));
  if (controlPort !== undefined) servers.push(await startControl(host, controlPort, models, () => process.exit(0)));
  logger.info({ instance, management, data, controlPort }, 'Listening');
  return {
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** Any message that fits the prefix of one. */
const MAX_BYTES = 2 ** 32 - 1;
const MAX_HEADER_BYTES = 65_536;

async function serve(on: ListenOn, handle: GrpcServerOptions['handle']): Promise<Stoppable> {
  if ('path' in on) {
    // The socket of a process that was killed stays behind, and would be refused as taken.
    rmSync(on.path, { force: true });
    mkdirSync(dirname(on.path), { recursive: true });
  }
  const server = await startGrpcServer({ on, handle, maxMessageBytes: MAX_BYTES, maxHeaderBytes: MAX_HEADER_BYTES });
  return { stop: () => server.stop(0) };
}
