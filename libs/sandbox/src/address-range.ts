import { createServer, type Server } from 'node:net';

/**
 * The pod addresses of one sandbox: `10.<second>.0.0/16` out of 10.64.0.0/10. Kubernetes refuses loopback addresses for
 * endpoints, so a Pod has one of these and its processes listen on the loopback alias, `127.<second>.x.y`.
 */
export type AddressRange = {
  /** 64 to 127. */
  readonly second: number;
  release(): Promise<void>;
};

const FIRST = 64;
const COUNT = 64;

/** A range is claimed by listening here on its alias: the system gives it back however its holder ends. */
const CLAIM_PORT = 7_064;

/**
 * Claims a range that no other sandbox of this machine has; `preferred` (the second octet of the last time) when it is free.
 * @throws Error when all are taken.
 */
export async function claimAddressRange(preferred?: number): Promise<AddressRange> {
  const all = Array.from({ length: COUNT }, (_, index) => FIRST + index);
  const wanted = all.filter((second) => second === preferred);
  for (const second of [...wanted, ...all]) {
    const server = await listen(`127.${second}.0.1`);
    if (server === undefined) continue;
    return { second, release: () => new Promise((resolve) => server.close(() => resolve())) };
  }
  throw new Error(`All ${COUNT} ranges of pod addresses are taken by other sandboxes of this machine.`);
}

function listen(host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen({ host, port: CLAIM_PORT, exclusive: true }, () => resolve(server));
  });
}
