import { flushCompileCache } from 'node:module';
import { createLogger, runProcess } from '@meshkeeper/process';
import { readMeshSettings } from '../settings/settings.ts';
import { startMesh } from './start-mesh.ts';

/** Returns when the process is about to end. */
export async function runMesh(): Promise<void> {
  const logger = createLogger('mesh', 'info');
  await runProcess(logger, async () => {
    const settings = readMeshSettings(process.env);
    logger.level = settings.logLevel;
    const running = await startMesh(settings, logger);
    // Else it is written at a regular end only.
    flushCompileCache();
    return { ...running, stopWithinMs: settings.shutdownTimeoutMs };
  });
}
