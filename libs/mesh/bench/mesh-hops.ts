import { HELD, median, perform, type BenchedMesh, type Say, type Surroundings } from './mesh-set-up.ts';

const ROUNDS = 12;
const ROUND_MS = 250;
const IN_FLIGHT = 16;
const MODEL = 'held';

type Way = { readonly name: string; readonly address: string };
type Seen = Way & { readonly p50Us: number[]; readonly perSecond: number[] };

/** 200 bytes both ways, of a model that only the first instance holds: by the second one it takes two hops. */
export async function compareHops(
  say: Say,
  around: Surroundings,
  [first, second]: readonly [BenchedMesh, BenchedMesh],
): Promise<void> {
  const { client, runtime } = around;
  const proxy = await around.startChild('grpc-js proxy', runtime.address);
  await perform(client, {
    kind: 'set',
    addresses: [first.address],
    ids: [MODEL],
    type: HELD,
    loadNow: true,
    inFlight: 1,
  });
  await perform(client, { kind: 'untilLoaded', addresses: [second.address], ids: [MODEL], inFlight: 1 });
  const ways = [
    { name: 'direct', address: runtime.address },
    { name: 'bare grpc-js proxy', address: proxy.address },
    { name: 'one hop', address: first.address },
    { name: 'two hops', address: second.address },
  ].map((way): Seen => ({ ...way, p50Us: [], perSecond: [] }));
  // The first rounds warm everything up.
  for (let round = -3; round < ROUNDS; round += 1) {
    for (const way of ways) {
      const task = { kind: 'infer', addresses: [way.address], modelId: `${MODEL}-1`, ms: ROUND_MS } as const;
      const alone = await perform(client, { ...task, inFlight: 1 });
      const many = await perform(client, { ...task, inFlight: IN_FLIGHT });
      if (round < 0) continue;
      way.p50Us.push(alone.p50Us);
      way.perSecond.push(many.calls / many.seconds);
    }
  }
  report(say, ways);
}

function report(say: Say, ways: readonly Seen[]): void {
  const [direct, proxy] = ways;
  if (direct === undefined || proxy === undefined) return;
  // Of each round, so that what disturbed one round disturbs one ratio.
  const addedOf = (way: Seen): number[] => way.p50Us.map((us, i) => us - (direct.p50Us[i] ?? 0));
  const ratio = (values: readonly number[], base: readonly number[]): number =>
    median(values.map((value, i) => value / (base[i] ?? 1)));
  say(`${ROUNDS} rounds        one at a time: p50, added      ${IN_FLIGHT} in flight`);
  for (const way of ways) {
    const added = addedOf(way);
    const times = way === direct ? '' : `${median(added).toFixed(0)} µs = ${ratio(added, addedOf(proxy)).toFixed(2)} x`;
    const share = (100 * ratio(way.perSecond, proxy.perSecond)).toFixed(0);
    const alone = `${median(way.p50Us).toFixed(0)} µs`.padStart(8);
    say(
      `  ${way.name.padEnd(19)}${alone}  ${times.padEnd(18)}  ${median(way.perSecond).toFixed(0).padStart(6)}/s = ${share} %`,
    );
  }
}
