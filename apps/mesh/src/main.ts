import { createLogger, runProcess } from '@meshkeeper/telemetry';
import { readMeshSettings } from './settings.ts';
import { startMesh } from './start-mesh.ts';

const logger = createLogger('mesh', 'info');

await runProcess(logger, async () => {
  const settings = readMeshSettings(process.env);
  logger.level = settings.logLevel;
  const running = await startMesh(settings, logger, new AbortController().signal);
  return { ...running, stopWithinMs: settings.shutdownTimeoutMs };
});
