import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { messageOf } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/telemetry';

export type FollowedFile<T> = { current(): T; stop(): Promise<void> };

/**
 * What a file says, read again when it changes. Polled: a ConfigMap's file is a link to a link, which change without an event of their
 * own. No file: `fallback`. A file that cannot be understood leaves the last good one in force, and is told in the log.
 */
export function followFile<T>(
  path: string | undefined,
  options: {
    readonly fallback: T;
    readonly parse: (text: string) => T;
    readonly logger: Logger;
    readonly changed?: () => void;
  },
): FollowedFile<T> {
  const { fallback, parse, logger } = options;
  if (path === undefined) return { current: () => fallback, stop: async () => undefined };
  let current = fallback;
  const read = (): void => {
    try {
      current = parse(readFileSync(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') current = fallback;
      else
        logger.error({ path, reason: messageOf(error) }, 'The file cannot be used; what it said before stays in force');
    }
  };
  const reread = (): void => {
    read();
    options.changed?.();
  };
  read();
  watchFile(path, { interval: 1_000, persistent: false }, reread);
  return { current: () => current, stop: async () => unwatchFile(path, reread) };
}
