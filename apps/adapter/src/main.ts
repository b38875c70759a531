#!/usr/bin/env -S node --max-semi-space-size=1
/** Stands between a mesh and a model server that does not speak `mmesh.ModelRuntime`: Triton, MLServer, OVMS or TorchServe. */
import { createLogger, runProcess } from '@meshkeeper/process';
import { serverTypeOf, readAdapterSettings, startAdapter } from '@meshkeeper/model-servers';

const logger = createLogger('adapter', 'info');

await runProcess(logger, async () => {
  const settings = readAdapterSettings(serverTypeOf(process.argv), process.env);
  logger.level = settings.LOG_LEVEL;
  return startAdapter(settings, logger);
});
