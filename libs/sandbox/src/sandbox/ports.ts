import { freePort, releasePort, reservePort } from '../free-port.ts';

/** The ports of 127.0.0.1 that a user may want to know. */
export type SandboxPorts = {
  readonly api: number;
  readonly meshEtcd: number;
  readonly redis: number;
  readonly console: number;
  readonly objectStore: number;
};

/** Away from the usual ones, so that a Redis or a cluster of the user's own is not in the way. */
export const PREFERRED_PORTS: SandboxPorts = {
  api: 16_443,
  meshEtcd: 12_379,
  redis: 16_379,
  console: 18_080,
  objectStore: 19_000,
};

const NAMES = Object.keys(PREFERRED_PORTS) as readonly (keyof SandboxPorts)[];

export type ReservedPorts = { readonly ports: SandboxPorts; readonly release: () => void };

/**
 * Reserves a port for each purpose: the first of the preferred ones that no other sandbox has and on which nothing listens, else any.
 * @throws Error when there is none at all.
 */
export async function reservePorts(preferred: readonly (Partial<SandboxPorts> | undefined)[]): Promise<ReservedPorts> {
  const choose = async (name: keyof SandboxPorts): Promise<number> => {
    for (const ports of preferred) {
      const port = ports?.[name];
      if (port !== undefined && (await reservePort(port))) return port;
    }
    return freePort();
  };
  const chosen = await Promise.all(NAMES.map(async (name) => [name, await choose(name)] as const));
  const ports = Object.fromEntries(chosen) as SandboxPorts;
  return { ports, release: () => NAMES.forEach((name) => releasePort(ports[name])) };
}
