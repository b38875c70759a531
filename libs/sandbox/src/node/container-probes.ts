import type { ManagedProcess } from '../managed-process.ts';
import type { ActionTarget } from './actions.ts';
import { runProbe, type ProbeLoop } from './probe.ts';

/** Probes a container until `signal` aborts: whether it serves, and whether it lives, which ends its process when it does not. */
export async function startProbes(
  target: ActionTarget,
  running: ManagedProcess,
  signal: AbortSignal,
  onReady: (ready: boolean) => void,
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  const loop = (probe: ProbeLoop['probe'] | undefined, fast: boolean, onVerdict: ProbeLoop['onVerdict']) =>
    probe === undefined ? undefined : runProbe({ target, signal, probe, fast, onVerdict });
  const endIfFailing: ProbeLoop['onVerdict'] = (verdict) => {
    if (verdict === 'failing') running.kill();
  };
  if (startupProbe !== undefined) await untilStarted(startupProbe, target, signal, endIfFailing);
  await Promise.all([
    loop(readinessProbe, true, (verdict) => onReady(verdict === 'passing')),
    loop(livenessProbe, false, endIfFailing),
  ]);
}

/** Until the container has started, nothing else is asked of it. */
async function untilStarted(
  probe: ProbeLoop['probe'],
  target: ActionTarget,
  signal: AbortSignal,
  onVerdict: ProbeLoop['onVerdict'],
): Promise<void> {
  const started = new AbortController();
  const both = AbortSignal.any([signal, started.signal]);
  await runProbe({
    target,
    probe,
    fast: true,
    signal: both,
    onVerdict: (verdict) => (verdict === 'passing' ? started.abort() : onVerdict(verdict)),
  });
}
