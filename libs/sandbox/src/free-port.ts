import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below the range from which Linux takes the ports of outgoing connections, so that no client has one by chance. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/**
 * A reserved TCP port is marked by a UDP socket of the same number, which no program here uses otherwise. The system gives it to one
 * process, and takes it back however that ends.
 */
const reserved = new Map<number, Socket>();

/**
 * A TCP port of 127.0.0.1 on which nothing listens. No other caller gets it here, in this process or another, while this process lives:
 * a server may be stopped and started on it again.
 * @throws Error when none of a few hundred tries was free.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await reservePort(port)) return port;
  }
  throw new Error(`Found no free port between ${LOWEST} and ${HIGHEST}`);
}

/** Reserves a certain port. Returns false when it is reserved already, or something listens there. */
export async function reservePort(port: number): Promise<boolean> {
  const mark = await bindUdp(port);
  if (mark === undefined) return false;
  if (await portIsFree(port)) {
    reserved.set(port, mark);
    return true;
  }
  mark.close();
  return false;
}

/** Lets others reserve a port that this process had reserved. */
export function releasePort(port: number): void {
  reserved.get(port)?.close();
  reserved.delete(port);
}

function bindUdp(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.unref();
    socket.once('error', () => resolve(undefined));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

/** Whether one could listen on `host:port` right now. */
export function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
