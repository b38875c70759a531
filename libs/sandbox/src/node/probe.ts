import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '../kube/objects.ts';
import { act, type ActionTarget } from './actions.ts';

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

export type ProbeLoop = {
  readonly probe: Probe;
  readonly target: ActionTarget;
  /** Whether to probe fast until the first success, instead of waiting `initialDelaySeconds`. */
  readonly fast: boolean;
  readonly signal: AbortSignal;
  readonly onVerdict: (verdict: 'passing' | 'failing') => void;
};

/** Probes until `signal` aborts. Every verdict is reported, also one that is as before. */
export async function runProbe(loop: ProbeLoop): Promise<void> {
  const { probe, signal } = loop;
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  let count = NO_PROBES;
  let passing = false;
  await sleep(loop.fast ? FAST_MS : (probe.initialDelaySeconds ?? 0) * 1_000, undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    const counted = countProbe(count, await act(probe, loop.target, (probe.timeoutSeconds ?? 1) * 1_000), probe);
    if (signal.aborted) return;
    count = counted.count;
    passing = counted.verdict === undefined ? passing : counted.verdict === 'passing';
    if (counted.verdict !== undefined) loop.onVerdict(counted.verdict);
    await sleep(loop.fast && !passing ? FAST_MS : periodMs, undefined, { signal }).catch(() => {});
  }
}
