import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd } from '@meshkeeper/sandbox';
import { compareHops } from './mesh-hops.ts';
import { measureManagement, registerByTwo } from './mesh-management.ts';
import {
  HELD,
  startChild,
  startMeshProcess,
  type BenchedMesh,
  type MeshOptions,
  type Say,
  type Surroundings,
} from './mesh-set-up.ts';

/**
 * The mesh as its clients meet it: what its hops add to a call beside what a bare proxy on @grpc/grpc-js adds, how fast VModels are
 * registered beside the bare transactions in etcd, its memory and its start. What is compared takes turns.
 */
export async function benchMesh(say: Say): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-bench-'));
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
    const around = await setUp(folder, ends);
    const first = await measureManagement(say, around);
    const both = [first, await around.startMesh('second')] as const;
    await registerByTwo(say, around, both);
    await compareHops(say, around, both);
    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function setUp(folder: string, ends: (() => unknown)[]): Promise<Surroundings> {
  const etcd = await startEtcd({ folder });
  ends.push(() => etcd.stop());
  const start: typeof startChild = async (...options) => {
    const child = await startChild(...options);
    ends.push(() => child.process.kill());
    return child;
  };
  const [client, runtime, other] = [await start('client'), await start('runtime'), await start('runtime')];
  const constraints = join(folder, 'types.json');
  writeFileSync(constraints, JSON.stringify({ [HELD]: { required: ['holder'] } }));
  const common = { folder, etcd: etcd.endpoint };
  const byName: Readonly<Record<'first' | 'second', Pick<MeshOptions, 'runtime' | 'env'>>> = {
    first: { runtime: runtime.address, env: { MM_TYPE_CONSTRAINTS_PATH: constraints, MM_LABELS: 'holder' } },
    second: { runtime: other.address, env: { MM_TYPE_CONSTRAINTS_PATH: constraints } },
  };
  const startMesh = async (name: 'first' | 'second'): Promise<BenchedMesh> => {
    const mesh = await startMeshProcess({ name, ...common, ...byName[name] });
    ends.push(() => mesh.process.stop());
    return mesh;
  };
  return { etcd: etcd.endpoint, client, runtime, startMesh, startChild: start };
}
