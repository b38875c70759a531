import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range from which Linux takes the ports of outgoing connections, so that no client sits on one by chance. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Ports given out by this process, so that two callers at once never get the same one. */
const given = new Set<number>();

/**
 * A TCP port of 127.0.0.1 on which nothing listens.
 * @throws Error when none of a few hundred tries was free.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (given.has(port)) continue;
    given.add(port);
    if (await portIsFree(port)) return port;
  }
  throw new Error(`Found no free port between ${LOWEST} and ${HIGHEST}`);
}

/** Whether one could listen on `host:port` right now. */
export function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
