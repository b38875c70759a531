import { freePort, portIsFree } from '../free-port.ts';

/** The ports of 127.0.0.1 that a user may want to know. */
export type SandboxPorts = {
  readonly api: number;
  readonly meshEtcd: number;
  readonly redis: number;
  readonly console: number;
  readonly objectStore: number;
};

/** Away from the usual ones, so that a Redis or a cluster of the user's own is not in the way. */
export const FIXED_PORTS: SandboxPorts = {
  api: 16_443,
  meshEtcd: 12_379,
  redis: 16_379,
  console: 18_080,
  objectStore: 19_000,
};

const PURPOSE: Readonly<Record<keyof SandboxPorts, string>> = {
  api: 'kube-apiserver',
  meshEtcd: "the mesh's etcd",
  redis: 'Redis',
  console: 'the console',
  objectStore: 'the object store',
};

/** `random` takes any free ones. @throws Error with one sentence when a given port is taken. */
export async function choosePorts(wanted: SandboxPorts | 'random'): Promise<SandboxPorts> {
  if (wanted === 'random') {
    const ports = await Promise.all(Object.keys(PURPOSE).map(async (name) => [name, await freePort()]));
    return Object.fromEntries(ports) as SandboxPorts;
  }
  for (const [name, purpose] of Object.entries(PURPOSE)) {
    const port = wanted[name as keyof SandboxPorts];
    if (!(await portIsFree(port)))
      throw new Error(`Port ${port} is taken, which ${purpose} needs: end what listens there and start again.`);
  }
  return wanted;
}
