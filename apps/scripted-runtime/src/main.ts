/**
 * A model server that does as the path of each model tells: it stands beside a mesh in tests, and in the sandbox wherever no
 * real one is. It keeps nothing but its models' names.
 */
import { createLogger, runProcess } from '@meshkeeper/telemetry';
import { readScriptedSettings } from './settings.ts';
import { startScripted } from './start-scripted.ts';

const logger = createLogger('scripted-runtime', 'info');

await runProcess(logger, async () => {
  const settings = readScriptedSettings(process.env);
  logger.level = settings.LOG_LEVEL;
  return startScripted(settings, logger);
});
