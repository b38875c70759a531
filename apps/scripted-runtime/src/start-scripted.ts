import type { Logger, Stoppable } from '@meshkeeper/telemetry';
import { startControl } from './control.ts';
import { createInference } from './inference.ts';
import { createManagement } from './management.ts';
import { createModels } from './models.ts';
import type { ScriptedSettings } from './settings.ts';
import { serveUnary } from './unary-server.ts';

/** @throws Error when an endpoint or port is taken; nothing is left running then, as the process ends with it. */
export async function startScripted(settings: ScriptedSettings, logger: Logger): Promise<Stoppable> {
  const { host, management, data, RUNTIME_INSTANCE: instance, CONTROL_PORT: controlPort } = settings;
  const crash = (): never => process.exit(1);
  const models = createModels(instance, crash);
  const infer = createInference(instance, models);
  const manage = createManagement(settings, models);
  // On an endpoint for both, the management service goes first; on one of its own, data knows no management.
  const servers = [await serveUnary(management, (call) => (manage(call.method) ?? infer)(call))];
  if (data !== undefined) servers.push(await serveUnary(data, infer));
  if (controlPort !== undefined) servers.push(await startControl(host, controlPort, models, () => process.exit(0)));
  logger.info({ instance, management, data, controlPort }, 'Listening');
  return {
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
