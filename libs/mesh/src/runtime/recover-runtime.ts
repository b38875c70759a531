import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@meshkeeper/domain';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { connectRuntime } from './connect-runtime.ts';
import type { RuntimeEndpoints } from '../settings/runtime-endpoints.ts';

/** The open channels connect again within this time. */
const RECONNECT_MS = 350;

export type RuntimeRecovery = Stoppable & {
  /** Nothing can be placed here. */
  readonly isGone: () => boolean;
  /** A call did not reach the model server. */
  readonly lost: () => void;
};

/** Waits for a model server that went away. One that is there again, and says so, has nothing loaded. */
export function createRuntimeRecovery(
  endpoints: RuntimeEndpoints,
  logger: Logger,
  events: { readonly lost: () => void; readonly changed: () => void },
): RuntimeRecovery {
  const stopping = new AbortController();
  let isGone = false;
  const recover = async (): Promise<void> => {
    logger.warn('The model server is gone: its models may be loaded elsewhere');
    events.changed();
    try {
      const again = await connectRuntime(endpoints, { logger, signal: stopping.signal });
      await again.close();
      await sleep(RECONNECT_MS);
    } catch (error) {
      if (!stopping.signal.aborted)
        logger.error(
          { reason: messageOf(error) },
          'The model server does not come back: it is asked again with the next call',
        );
    }
    isGone = false;
    events.changed();
  };
  return {
    isGone: () => isGone,
    lost: () => {
      if (stopping.signal.aborted) return;
      const isFirst = !isGone;
      isGone = true;
      // Each time: what was placed here before others heard of it has to go, too.
      events.lost();
      if (isFirst) void recover();
    },
    stop: async () => stopping.abort(),
  };
}
