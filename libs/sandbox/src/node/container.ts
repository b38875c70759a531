import { setTimeout as sleep } from 'node:timers/promises';
import { createBackoff } from '../backoff.ts';
import type { Container, ContainerState } from '../kube/objects.ts';
import { startProcess, type ExitText, type ManagedProcess, type ProcessSpec } from '../managed-process.ts';
import { runProbe } from './probe.ts';

/** What is known of a container now. */
export type ContainerView = {
  readonly spec: Container;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly ready: boolean;
  readonly restartCount: number;
  /** The process that runs for it. */
  readonly pid?: number;
};

export type RunningContainer = {
  view(): ContainerView;
  /** SIGTERM, SIGKILL after the grace period; it is not started again. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL of the process; it is started again. */
  kill(): void;
};

export type ContainerOptions = {
  readonly spec: Container;
  /** Where its probes go. */
  readonly host: string;
  /** What to run; undefined when no local program stands in for the image. */
  readonly process: () => Promise<ProcessSpec | undefined>;
  /** Restarts of earlier lives. */
  readonly restartCount: number;
  /** Called after every change of `view()`. */
  readonly onChange: () => void;
};

const IDLE: ContainerState = { waiting: { reason: 'ContainerCreating' } };

/** Runs one container, again after each end with a growing pause, until it is stopped. */
export function runContainer(options: ContainerOptions): RunningContainer {
  const abort = new AbortController();
  let current: ContainerView = {
    spec: options.spec,
    state: IDLE,
    lastState: {},
    ready: false,
    restartCount: options.restartCount,
  };
  let running: ManagedProcess | undefined;
  const change = (part: Partial<ContainerView>): void => {
    current = { ...current, ...part };
    options.onChange();
  };
  const live = async (): Promise<{ readonly died: boolean }> => {
    const spec = await options.process();
    const startedAt = timestamp();
    if (spec === undefined) {
      change({ state: { running: { startedAt } }, ready: true });
      return { died: false };
    }
    running = await startProcess(spec);
    const endProbes = new AbortController();
    const ready = options.spec.readinessProbe === undefined;
    change({ state: { running: { startedAt } }, ready, pid: running.pid });
    const probes = startProbes(options, running, endProbes.signal, (ready) => {
      if (ready !== current.ready) change({ ready });
    });
    if (abort.signal.aborted) running.kill();
    const exit = await running.exited;
    endProbes.abort();
    await probes;
    change({ ready: false, lastState: current.state, state: terminated(exit, startedAt) });
    return { died: true };
  };
  const finished = keepAlive(live, abort.signal, change, () => current);
  return {
    view: () => current,
    stop: async (graceMs) => {
      abort.abort();
      await running?.stop(graceMs);
      await finished;
      const startedAt = current.state.running?.startedAt;
      if (startedAt !== undefined) change({ ready: false, state: terminated('code 0', startedAt) });
    },
    kill: () => running?.kill(),
  };
}

/** Kubelet's shape of back-off, in the sandbox's measure of time. */
async function keepAlive(
  live: () => Promise<{ readonly died: boolean }>,
  signal: AbortSignal,
  change: (part: Partial<ContainerView>) => void,
  view: () => ContainerView,
): Promise<void> {
  const backoff = createBackoff({ firstMs: 250, capMs: 10_000, resetAfterMs: 30_000 });
  while (!signal.aborted) {
    const began = performance.now();
    const problem = await live().then(
      (result) => (result.died ? undefined : 'none'),
      (error: unknown) => (error as Error).message,
    );
    if (problem === 'none' || signal.aborted) return;
    const { state } = view();
    const waiting =
      problem === undefined ? { reason: 'CrashLoopBackOff' } : { reason: 'CreateContainerError', message: problem };
    const lastState = state.terminated === undefined ? {} : { lastState: state };
    const restarted = problem === undefined ? 1 : 0;
    change({ state: { waiting }, ...lastState, restartCount: view().restartCount + restarted });
    await sleep(backoff.next(performance.now() - began), undefined, { signal }).catch(() => {});
  }
}

async function startProbes(
  options: ContainerOptions,
  running: ManagedProcess,
  signal: AbortSignal,
  onReady: (ready: boolean) => void,
): Promise<void> {
  const { readinessProbe, livenessProbe } = options.spec;
  const common = { target: { host: options.host, container: options.spec }, signal };
  const readiness =
    readinessProbe === undefined
      ? undefined
      : runProbe({
          ...common,
          probe: readinessProbe,
          fast: true,
          onVerdict: (verdict) => onReady(verdict === 'passing'),
        });
  const liveness =
    livenessProbe === undefined
      ? undefined
      : runProbe({
          ...common,
          probe: livenessProbe,
          fast: false,
          onVerdict: (verdict) => verdict === 'failing' && running.kill(),
        });
  await Promise.all([readiness, liveness]);
}

function terminated(exit: ExitText, startedAt: string): ContainerState {
  const code = /^code (\d+)$/.exec(exit)?.[1];
  const exitCode = code === undefined ? 137 : Number(code);
  return {
    terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: timestamp() },
  };
}

/** Kubernetes' timestamps have whole seconds. */
export function timestamp(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
