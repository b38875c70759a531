import { createLogger, runProcess, stopAfterMesh } from '@meshkeeper/process';
import { readRestProxySettings } from './settings.ts';
import { startRestProxy } from './start-rest-proxy.ts';

/** Returns when the process is about to end. */
export async function runRestProxy(): Promise<void> {
  const logger = createLogger('rest-proxy', 'info');
  await runProcess(logger, async () => {
    const settings = readRestProxySettings(process.env);
    logger.level = settings.logLevel;
    const proxy = await startRestProxy(settings, logger);
    return stopAfterMesh(settings.drain, () => proxy.stop());
  });
}
