import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, startProcess, waitFor, type ManagedProcess } from '@meshkeeper/sandbox';
import type { Figures, Task } from './mesh-process.ts';

const MESH = join(import.meta.dirname, '../../../apps/mesh/src/main.ts');
const PROGRAM = join(import.meta.dirname, 'mesh-process.ts');
const WIRE = join(import.meta.dirname, 'wire-process.ts');
/** Such as `--cpu-prof --cpu-prof-dir=/tmp/profiles`. */
const NODE_ARGUMENTS = (process.env['MESH_NODE_ARGS'] ?? '').split(' ').filter((word) => word !== '');
const MIB = 1_048_576;

export type Child = { readonly process: ChildProcess; readonly address: string };

/** A program of the bench. The address is what it listens at, if it does. */
export async function startChild(role: 'runtime' | 'client' | 'grpc-js proxy', address = ''): Promise<Child> {
  const child = fork(role === 'grpc-js proxy' ? WIRE : PROGRAM, [role, address]);
  return { process: child, address: String((await once(child, 'message'))[0]) };
}

export async function perform(client: Child, task: Task): Promise<Figures> {
  client.process.send(task);
  return (await once(client.process, 'message'))[0] as Figures;
}

export type MeshOptions = {
  readonly name: string;
  readonly folder: string;
  /** `http://host:port` */
  readonly etcd: string;
  readonly runtime: string;
  readonly env: Readonly<Record<string, string>>;
};

export type BenchedMesh = {
  readonly address: string;
  readonly process: ManagedProcess;
  /** From the start of the process until `/ready` says so. */
  readonly startMs: number;
};

export async function startMeshProcess({ name, folder, etcd, runtime, env }: MeshOptions): Promise<BenchedMesh> {
  const [port, probePort] = [await freePort(), await freePort()];
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${probePort}/ready`)).ok;
  const began = performance.now();
  const mesh = await startProcess({
    name,
    command: process.execPath,
    args: [...NODE_ARGUMENTS, MESH],
    env: {
      // As in the image; the first start fills it.
      NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
      MM_SERVICE_NAME: 'modelmesh-serving',
      MM_SVC_GRPC_PORT: String(port),
      MM_PROBE_PORT: String(probePort),
      MESHKEEPER_PEER_PORT: '0',
      MM_PRESTOP_WAIT_PORT: '0',
      MM_METRICS: `prometheus:port=${await freePort()};scheme=http`,
      WKUBE_POD_NAME: `modelmesh-serving-bench-5d8f6b-${name}`,
      WKUBE_POD_IPADDR: '127.0.0.1',
      DIAL_LOOPBACK_ALIAS: 'true',
      KV_STORE: `etcd:${etcd};rootPrefix=bench-mesh`,
      INTERNAL_GRPC_PORT: runtime.split(':').at(-1) ?? '',
      SHUTDOWN_TIMEOUT_MS: '5000',
      ...env,
    },
    logFile: join(folder, `${name}.log`),
    ready: () => waitFor(isReady, { timeoutMs: 20_000, what: 'the mesh to be ready', intervalMs: 10 }),
    ports: [port, probePort],
  });
  return { address: `127.0.0.1:${port}`, process: mesh, startMs: performance.now() - began };
}

/** What the process holds in memory, MiB. */
export function residentMib({ process: { pid } }: BenchedMesh): number {
  return (Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024) / MIB;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export type Say = (line: string) => void;

/** Everything that the bench starts; the one model of `HELD` may be held by the first instance only. */
export type Surroundings = {
  readonly etcd: string;
  readonly client: Child;
  readonly startMesh: (name: 'first' | 'second') => Promise<BenchedMesh>;
  readonly startChild: typeof startChild;
  readonly runtime: Child;
};

export const HELD = 'mt:held';
