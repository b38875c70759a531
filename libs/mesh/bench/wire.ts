import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { LoadFigures } from './wire-process.ts';

const PROGRAM = join(import.meta.dirname, 'wire-process.ts');
const ROUNDS = 4;
const ROUND_MS = 1_500;
const IN_FLIGHT = 16;

type Peer = { readonly name: string; readonly address: string; readonly process: ChildProcess };
type Round = {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly callsPerSecond: number;
  readonly cpuUs: number;
};

/**
 * Calls a backend directly, through a bare proxy of bytes on @grpc/grpc-js, and through one on the mesh's own transport. Each is a
 * process of its own; they take turns, so that whatever else the machine does meets all of them. 200 bytes both ways.
 */
export async function benchWire(say: (line: string) => void): Promise<void> {
  const peers: Peer[] = [];
  try {
    const backend = await start('backend', '');
    peers.push(backend);
    for (const name of ['grpc-js proxy', 'wire proxy']) peers.push(await start(name, backend.address));
    say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
    for (const peer of peers) await round(peer);
    const rounds = new Map<Peer, Round[]>(peers.map((peer) => [peer, []]));
    for (let i = 0; i < ROUNDS; i += 1) for (const [peer, done] of rounds) done.push(await round(peer));
    report(say, rounds, backend);
  } finally {
    for (const { process } of peers) process.kill();
  }
}

function report(say: (line: string) => void, rounds: ReadonlyMap<Peer, readonly Round[]>, backend: Peer): void {
  const direct = median((rounds.get(backend) ?? []).map(({ p50Us }) => p50Us));
  for (const [{ name }, done] of rounds) {
    const of = (key: keyof Round): number => median(done.map((round) => round[key]));
    const added = name === backend.name ? '' : ` (added: ${(of('p50Us') - direct).toFixed(0)})`;
    say(`${name}:`);
    say(`  one at a time: p50 ${of('p50Us').toFixed(0)} µs${added}, p99 ${of('p99Us').toFixed(0)} µs`);
    say(
      `  ${IN_FLIGHT} in flight:  ${of('callsPerSecond').toFixed(0)} calls/s, its own CPU ${of('cpuUs').toFixed(0)} µs a call`,
    );
  }
}

async function start(name: string, address: string): Promise<Peer> {
  const process = fork(PROGRAM, [name, address]);
  return { name, process, address: String((await once(process, 'message'))[0]) };
}

async function round(peer: Peer): Promise<Round> {
  const { p50Us, p99Us } = await load(peer.address, 1);
  const before = await cpuUs(peer);
  const { calls } = await load(peer.address, IN_FLIGHT);
  return { p50Us, p99Us, callsPerSecond: calls / (ROUND_MS / 1_000), cpuUs: ((await cpuUs(peer)) - before) / calls };
}

async function load(address: string, inFlight: number): Promise<LoadFigures> {
  const [figures] = await once(fork(PROGRAM, ['load', address, String(inFlight), String(ROUND_MS)]), 'message');
  return figures as LoadFigures;
}

async function cpuUs({ process }: Peer): Promise<number> {
  process.send('cpu');
  return Number((await once(process, 'message'))[0]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
