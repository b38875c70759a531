/**
 * A model server that behaves as the path of each model says: it serves beside a mesh in tests, and in the sandbox wherever no
 * real one is. It keeps nothing but its models' names.
 */
import { createLogger, runProcess } from '@meshkeeper/process';
import { readScriptedSettings, startScripted } from '@meshkeeper/model-servers';

const logger = createLogger('scripted-runtime', 'info');

await runProcess(logger, async () => {
  const settings = readScriptedSettings(process.env);
  logger.level = settings.LOG_LEVEL;
  return startScripted(settings, logger);
});
