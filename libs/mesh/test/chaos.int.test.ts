import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@meshkeeper/sandbox';
import { startTraffic, type Traffic } from './chaos-traffic.ts';
import { startMeshFixture, type Instance, type MeshFixture } from './mesh-fixture.ts';

const isLarge = process.env['MESHKEEPER_SIZE'] === 'large';
const SIZE = isLarge
  ? { instances: 8, models: 5_000, perSecond: 200, faults: 40 }
  : { instances: 3, models: 200, perSecond: 50, faults: 6 };
const LOAD_MS = 100;

/** Park and Miller: the same seed gives the same faults and requests. */
function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

type Chaos = { readonly mesh: MeshFixture; readonly traffic: Traffic; readonly live: Instance[]; started: number };

async function join({ mesh, live, traffic }: Chaos, name: string): Promise<void> {
  const instance = await mesh.startInstance(name, { LOG_LEVEL: 'info' });
  live.push(instance);
  traffic.add(instance);
}

function take({ live, traffic }: Chaos, random: () => number): Instance {
  const [instance] = live.splice(Math.floor(random() * live.length), 1);
  assert.ok(instance !== undefined);
  traffic.remove(instance);
  return instance;
}

const FAULTS = {
  kill: async (chaos: Chaos, random: () => number) => {
    const instance = take(chaos, random);
    instance.process.kill();
    await instance.runtime.stop();
    await join(chaos, `x${(chaos.started += 1)}`);
  },
  freeze: async (chaos: Chaos, random: () => number) => {
    const instance = take(chaos, random);
    instance.process.freeze();
    await delay(2_000);
    instance.process.thaw();
    chaos.live.push(instance);
    chaos.traffic.add(instance);
  },
  drain: async (chaos: Chaos, random: () => number) => {
    await join(chaos, `x${(chaos.started += 1)}`);
    const instance = chaos.live.splice(Math.floor(random() * (chaos.live.length - 1)), 1)[0];
    assert.ok(instance !== undefined);
    chaos.traffic.spare(instance);
    await instance.process.stop(30_000);
    await instance.runtime.stop();
  },
  crashRuntime: async (chaos: Chaos, random: () => number) => {
    const instance = chaos.live[Math.floor(random() * chaos.live.length)];
    assert.ok(instance !== undefined);
    instance.runtime.process.kill();
    await instance.runtime.restart();
  },
  stopEtcd: async ({ mesh, traffic }: Chaos) => {
    const returned = traffic.etcdAway();
    await mesh.etcd.stop(0);
    await delay(2_000);
    await mesh.restartEtcd();
    returned();
  },
} as const;

const seed = Number(process.env['MESHKEEPER_SEED'] ?? Date.now());

test(`no request fails but what is lost with a process, and afterwards all agree (seed ${seed})`, async () => {
  const random = seeded(seed);
  const mesh = await startMeshFixture();
  const models = Array.from({ length: SIZE.models }, (_, index) => `m${index}`);
  const traffic = startTraffic({ models, perSecond: SIZE.perSecond, random: seeded(seed + 1) });
  const chaos: Chaos = { mesh, traffic, live: [], started: 0 };
  try {
    const first = await mesh.startInstance('a0', { LOG_LEVEL: 'info' });
    for (const modelId of models) {
      const modelInfo = { type: 'mt:sklearn', path: `SIZE_8192_${LOAD_MS}_0`, key: '' };
      await first.api.registerModel({ modelId, modelInfo, loadNow: false, sync: false });
    }
    chaos.live.push(first);
    traffic.add(first);
    for (let index = 1; index < SIZE.instances; index += 1) await join(chaos, `a${index}`);
    const names = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
    const done: string[] = [];
    for (let index = 0; index < SIZE.faults; index += 1) {
      const name = names[index < names.length ? index : Math.floor(random() * names.length)] ?? 'kill';
      done.push(`${name} ${Date.now() % 1_000_000}`);
      await FAULTS[name](chaos, random);
      await delay(1_500);
      const summary = `after ${done.join(', ')} (seed ${seed}): ${JSON.stringify(traffic.failed.slice(0, 5))}`;
      assert.equal(traffic.failed.length, 0, summary);
    }
    await traffic.stop();
    assert.ok(traffic.counts.answered > SIZE.faults * SIZE.perSecond, JSON.stringify(traffic.counts));
    console.log(JSON.stringify({ ...traffic.counts, slowest: traffic.slowest(), faults: done }));
    await untilAllAgree(chaos);
  } finally {
    await traffic.stop();
    await mesh.stop();
  }
});

/** What the registry says of each live instance is what its runtime has. */
async function untilAllAgree({ mesh, live }: Chaos): Promise<void> {
  let difference = '';
  await waitFor(
    async () => {
      const byInstance = new Map<string, string[]>(live.map(({ iid }) => [iid, []]));
      for await (const { entries } of mesh.store.rangePrefix(`${mesh.prefix}registry/`)) {
        for (const { key, value } of entries) {
          const { loadedIn = {} } = JSON.parse(value) as { readonly loadedIn?: Readonly<Record<string, number>> };
          for (const iid of Object.keys(loadedIn)) byInstance.get(iid)?.push(key.split('/registry/')[1] ?? '');
        }
      }
      const differences = await Promise.all(
        live.map(async ({ iid, runtime }) => {
          const loaded = (await runtime.control('GET /models')) as readonly { readonly id: string }[];
          const held = new Set(loaded.map(({ id }) => id));
          const recorded = new Set(byInstance.get(iid));
          const differing = [...held, ...recorded].filter((id) => held.has(id) !== recorded.has(id));
          return differing.map((id) => `${iid} ${held.has(id) ? 'has' : 'lacks'} ${id}`);
        }),
      );
      difference = differences.flat().slice(0, 5).join('; ');
      return difference === '';
    },
    { timeoutMs: 60_000, what: `registry and runtimes to agree (seed ${seed})`, intervalMs: 500 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${difference}`, { cause: error });
  });
}
