import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { messageOf } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/telemetry';
import { ANYWHERE, parseTypeConstraints, type TypeConstraints } from './type-constraints.ts';

/**
 * The type constraints of a file, read again when it changes. Polled: a ConfigMap's file is a link to a link, which change
 * without an event of its own. No file: anywhere. A file that cannot be read leaves the last good ones in force.
 */
export function followTypeConstraints(
  path: string | undefined,
  logger: Logger,
  changed: () => void,
): { current(): TypeConstraints; stop(): Promise<void> } {
  if (path === undefined) return { current: () => ANYWHERE, stop: async () => undefined };
  let constraints = ANYWHERE;
  const read = () => {
    try {
      constraints = parseTypeConstraints(readFileSync(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') constraints = ANYWHERE;
      else
        logger.error(
          { path, reason: messageOf(error) },
          'The type constraints cannot be read; the last ones stay in force',
        );
    }
  };
  const reread = () => {
    read();
    changed();
  };
  read();
  watchFile(path, { interval: 1_000, persistent: false }, reread);
  return { current: () => constraints, stop: async () => unwatchFile(path, reread) };
}
