import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Container, Probe } from '../kube/objects.ts';

/** Outcomes in a row, of one kind. */
export type ProbeCount = { readonly successes: number; readonly failures: number };

export const NO_PROBES: ProbeCount = { successes: 0, failures: 0 };

/** Milliseconds between probes until the first success: the sandbox should be ready as soon as its processes are. */
const FAST_MS = 250;

/** Counts one outcome; `verdict` is there once enough of a kind have come in a row. */
export function countProbe(
  before: ProbeCount,
  success: boolean,
  probe: Probe,
): { readonly count: ProbeCount; readonly verdict: 'passing' | 'failing' | undefined } {
  const count = success
    ? { successes: before.successes + 1, failures: 0 }
    : { successes: 0, failures: before.failures + 1 };
  if (count.successes >= (probe.successThreshold ?? 1)) return { count, verdict: 'passing' };
  if (count.failures >= (probe.failureThreshold ?? 3)) return { count, verdict: 'failing' };
  return { count, verdict: undefined };
}

/** The number of a port that a probe may give by its name. */
export function probePort(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find((each) => each.name === port)?.containerPort;
}

export type ProbeTarget = { readonly host: string; readonly container: Container };

export type ProbeLoop = {
  readonly probe: Probe;
  readonly target: ProbeTarget;
  /** Whether to probe fast until the first success, instead of waiting `initialDelaySeconds`. */
  readonly fast: boolean;
  readonly signal: AbortSignal;
  readonly onVerdict: (verdict: 'passing' | 'failing') => void;
};

/** Probes until `signal` aborts. Every verdict is told, also one that is as before. */
export async function runProbe(loop: ProbeLoop): Promise<void> {
  const { probe, signal } = loop;
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  let count = NO_PROBES;
  let passing = false;
  await sleep(loop.fast ? FAST_MS : (probe.initialDelaySeconds ?? 0) * 1_000, undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    const counted = countProbe(count, await probeOnce(probe, loop.target), probe);
    if (signal.aborted) return;
    count = counted.count;
    passing = counted.verdict === undefined ? passing : counted.verdict === 'passing';
    if (counted.verdict !== undefined) loop.onVerdict(counted.verdict);
    await sleep(loop.fast && !passing ? FAST_MS : periodMs, undefined, { signal }).catch(() => {});
  }
}

const insecure = new Agent({ connect: { rejectUnauthorized: false }, pipelining: 0 });

/** A kind of probe that cannot be done outside of a container counts as passed. */
async function probeOnce(probe: Probe, target: ProbeTarget): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000;
  const port = probePort(probe.httpGet?.port ?? probe.tcpSocket?.port ?? 0, target.container);
  if (probe.httpGet !== undefined) {
    const { scheme = 'HTTP', path = '/' } = probe.httpGet;
    return httpProbe(`${scheme.toLowerCase()}://${target.host}:${port}${path}`, timeoutMs);
  }
  return probe.tcpSocket === undefined || tcpProbe(target.host, port ?? 0, timeoutMs);
}

async function httpProbe(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const answer = await request(url, { dispatcher: insecure, signal: AbortSignal.timeout(timeoutMs) });
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 400;
  } catch {
    return false;
  }
}

function tcpProbe(host: string, port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}
