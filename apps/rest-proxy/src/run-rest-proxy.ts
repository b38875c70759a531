import { createLogger, runProcess } from '@meshkeeper/telemetry';
import { readRestProxySettings } from './settings.ts';
import { startRestProxy } from './start-rest-proxy.ts';

/** Calls may run for long, and the pod waits for them. */
const STOP_WITHIN_MS = 60_000;

/** Returns when the process is about to end. */
export async function runRestProxy(): Promise<void> {
  const logger = createLogger('rest-proxy', 'info');
  await runProcess(logger, async () => {
    const settings = readRestProxySettings(process.env);
    logger.level = settings.logLevel;
    return { ...(await startRestProxy(settings, logger)), stopWithinMs: STOP_WITHIN_MS };
  });
}
