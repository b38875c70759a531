import { messageOf } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/process';

/** Logs that the run of a key failed and is retried; `name` is what the runs are about. */
export function retryLogger(logger: Logger, name: string): (key: string, error: unknown) => void {
  return (key, error) => logger.debug({ name, key, reason: messageOf(error) }, 'To be tried again');
}
