#!/usr/bin/env -S node --max-semi-space-size=1
/** Fetches models for a model server that speaks `mmesh.ModelRuntime`, and stands between it and the mesh. */
import { createLogger, runProcess } from '@meshkeeper/process';
import { readPullerSettings, startPuller } from '@meshkeeper/model-servers';

const logger = createLogger('puller', 'info');

await runProcess(logger, async () => {
  const settings = readPullerSettings(process.env);
  logger.level = settings.LOG_LEVEL;
  return startPuller(settings, logger);
});
