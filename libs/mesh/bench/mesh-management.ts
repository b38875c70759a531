import type { Figures, Task } from './mesh-process.ts';
import { median, perform, residentMib, type BenchedMesh, type Say, type Surroundings } from './mesh-set-up.ts';

const VMODELS = 5_000;
const ROUND = 500;
const IN_FLIGHT = 16;
const STARTS = 5;

type Kind = 'set' | 'status' | 'untilLoaded' | 'txn';

/** Registers, queries and loads 5,000 VModels, each with a small model of its own. Returns the instance that holds them. */
export async function measureManagement(say: Say, around: Surroundings): Promise<BenchedMesh> {
  let first = await restarted(say, around, undefined, 'with nothing registered');
  say(`memory at the start: ${residentMib(first).toFixed(0)} MiB`);
  await register(say, around, first);
  const task = { addresses: [first.address], ids: named('v', 0, VMODELS), inFlight: IN_FLIGHT };
  const repeated = await perform(around.client, taskOf('set', task));
  say(`setVModel, nothing new:      ${rate(repeated)}`);
  const asked = await perform(around.client, taskOf('status', task));
  say(`getVModelStatus:             ${rate(asked)}, p50 ${asked.p50Us.toFixed(0)} µs`);
  say(`memory, ${VMODELS} registered: ${residentMib(first).toFixed(0)} MiB`);
  const began = performance.now();
  await perform(around.client, taskOf('set', task, true));
  await perform(around.client, taskOf('untilLoaded', task));
  say(`${VMODELS} loaded within ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  say(`memory with them: ${residentMib(first).toFixed(0)} MiB`);
  first = await restarted(say, around, first, `with ${VMODELS} registered and loaded`);
  // Reloads must not disturb the next measurement.
  await perform(around.client, taskOf('untilLoaded', { ...task, addresses: [first.address] }));
  return first;
}

/** Alternating with the same two records written to etcd directly by a client. */
async function register(say: Say, { client, etcd }: Surroundings, { address }: BenchedMesh): Promise<void> {
  const own: Figures[] = [];
  const bare: Figures[] = [];
  const warm = { ids: named('warm', 0, ROUND), inFlight: IN_FLIGHT };
  await perform(client, taskOf('txn', { ...warm, addresses: [etcd] }));
  for (let i = 0; i < VMODELS; i += ROUND) {
    const task = { ids: named('v', i, ROUND), inFlight: IN_FLIGHT };
    bare.push(await perform(client, taskOf('txn', { ...task, addresses: [etcd] })));
    own.push(await perform(client, taskOf('set', { ...task, addresses: [address] })));
  }
  const [ownRate, bareRate] = [own, bare].map((rounds) => median(rounds.map(perSecond)));
  const share = ((100 * (ownRate ?? 0)) / (bareRate ?? 1)).toFixed(0);
  say(`etcd's bare transactions:    ${bareRate?.toFixed(0)}/s`);
  say(`setVModel, new, 1 instance:  ${ownRate?.toFixed(0)}/s = ${share} %`);
  say(`${VMODELS} registered within ${own.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(2)} s`);
}

/** Through one instance and through two in turns, both being there. */
export async function registerByTwo(
  say: Say,
  { client }: Surroundings,
  [first, second]: readonly [BenchedMesh, BenchedMesh],
): Promise<void> {
  const ways = [[first.address], [first.address, second.address]].map((addresses) => ({
    addresses,
    rates: [] as number[],
  }));
  for (let i = 0; i < VMODELS; i += ROUND * ways.length) {
    for (const [j, { addresses, rates }] of ways.entries()) {
      const ids = named('w', i + j * ROUND, ROUND);
      rates.push(perSecond(await perform(client, taskOf('set', { ids, addresses, inFlight: IN_FLIGHT }))));
    }
  }
  const [one, two] = ways.map(({ rates }) => median(rates).toFixed(0));
  say(`setVModel, new, 2 instances: ${two}/s; all of them through one: ${one}/s`);
}

/** Starts an instance several times, in the place of one that may run. Each is killed, so that it gives nothing up. */
async function restarted(say: Say, around: Surroundings, running: BenchedMesh | undefined, when: string) {
  const times: number[] = [];
  let former = running;
  for (;;) {
    former?.process.kill();
    await former?.process.exited;
    const mesh = await around.startMesh('first');
    times.push(mesh.startMs);
    if (times.length === STARTS) {
      say(`start ${when}: ${median(times).toFixed(0)} ms`);
      return mesh;
    }
    former = mesh;
  }
}

function taskOf(kind: Kind, rest: Pick<Task, 'addresses' | 'inFlight'> & { ids: readonly string[] }, loadNow = false) {
  return kind === 'set' ? { kind, type: 'mt:sklearn', loadNow, ...rest } : { kind, ...rest };
}

function named(letter: string, from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${letter}-${String(from + i).padStart(5, '0')}`);
}

function perSecond({ calls, seconds }: Figures): number {
  return calls / seconds;
}

function rate(figures: Figures): string {
  return `${perSecond(figures).toFixed(0)}/s`;
}
