import { readFileSync } from 'node:fs';
import { messageOf } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/process';

const LOOK_EVERY_MS = 1_000;

export type FollowedFile<T> = { current(): T; stop(): Promise<void> };

/**
 * What a file says, read again and again: a ConfigMap's file is a link to a link, which change without an event of their
 * own. No file: `fallback`. An invalid file leaves the last good one in force, and is logged.
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
  let seen: string | undefined;
  const look = (): boolean => {
    const text = textOf(path);
    if (text === seen) return false;
    seen = text;
    try {
      current = text === undefined ? fallback : parse(text);
    } catch (error) {
      logger.error({ path, reason: messageOf(error) }, 'The file cannot be used; what it said before stays in force');
    }
    return true;
  };
  look();
  const timer = setInterval(() => look() && options.changed?.(), LOOK_EVERY_MS).unref();
  return { current: () => current, stop: async () => clearInterval(timer) };
}

/** Undefined where there is none. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
