import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { Stoppable } from '@meshkeeper/process';

/** A certificate and its key, PEM. */
export type ServingPair = { readonly cert: string; readonly key: string };

const LOOK_MS = 1_000;
const FILES = ['tls.crt', 'tls.key'] as const;

/** @throws Error with one sentence when a file is missing, or the two do not belong together. */
export async function readPair(folder: string): Promise<ServingPair> {
  return checkPair(folder, await readFiles(folder));
}

async function readFiles(folder: string): Promise<ServingPair> {
  const [cert, key] = await Promise.all(
    FILES.map(async (name) =>
      readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Error(`${join(folder, name)} cannot be read: ${error.code}`, { cause: error });
      }),
    ),
  );
  return { cert: cert ?? '', key: key ?? '' };
}

function checkPair(folder: string, pair: ServingPair): ServingPair {
  try {
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new Error(`${FILES.join(' and ')} in ${folder} are no pair: ${(error as Error).message}`, { cause: error });
  }
}

/** Waits for a pair; until then `blocked` is called with the reason once a second. @throws when aborted */
export async function waitForPair(
  folder: string,
  blocked: (problem: string) => void,
  signal: AbortSignal,
): Promise<ServingPair> {
  for (;;) {
    try {
      return await readPair(folder);
    } catch (error) {
      blocked((error as Error).message);
      await delay(LOOK_MS, undefined, { signal });
    }
  }
}

export type PairWatch = {
  readonly folder: string;
  /** The one in use. */
  readonly pair: ServingPair;
  readonly changed: (pair: ServingPair) => void;
  /** Called once for each broken state of the files; the pair in use stays. */
  readonly broken: (problem: string) => void;
  readonly everyMs?: number;
};

/**
 * Looks at the files' content once a second. Content, since a mounted Secret is replaced by moving a link several folders up,
 * which neither a file's time nor a watch of it shows reliably.
 */
export function watchPair(watch: PairWatch): Stoppable {
  const stopping = new AbortController();
  let seen = JSON.stringify(watch.pair);
  const look = async (): Promise<void> => {
    const found = await readFiles(watch.folder).catch((error: Error) => error.message);
    if (JSON.stringify(found) === seen) return;
    seen = JSON.stringify(found);
    try {
      if (typeof found === 'string') throw new Error(found);
      watch.changed(checkPair(watch.folder, found));
    } catch (error) {
      watch.broken((error as Error).message);
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await delay(watch.everyMs ?? LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await look();
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
