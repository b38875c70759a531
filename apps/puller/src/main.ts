#!/usr/bin/env -S node --max-semi-space-size=1
/** Fetches models for a model server that speaks `mmesh.ModelRuntime`, and stands between it and the mesh. */
import { createLogger, runProcess } from '@meshkeeper/telemetry';
import { readPullerSettings } from './settings.ts';
import { startPuller } from './start-puller.ts';

const logger = createLogger('puller', 'info');

await runProcess(logger, async () => {
  const settings = readPullerSettings(process.env);
  logger.level = settings.LOG_LEVEL;
  return startPuller(settings, logger);
});
