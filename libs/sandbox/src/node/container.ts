import { existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBackoff } from '../backoff.ts';
import type { Container, ContainerState } from '../kube/objects.ts';
import { startProcess, type ExitText, type ManagedProcess, type ProcessSpec } from '../managed-process.ts';
import { act, type ActionTarget } from './actions.ts';
import { startProbes } from './container-probes.ts';

/** What is known of a container now. */
export type ContainerView = {
  readonly spec: Container;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
  readonly ready: boolean;
  readonly restartCount: number;
  /** The process that runs for it. */
  readonly pid?: number;
  /** What it says in this life, and where the life before it began to. */
  readonly log?: LogPart;
  readonly previousLog?: LogPart | undefined;
};

/** A file that several lives of a container write to: this one's part begins at a byte. */
export type LogPart = { readonly file: string; readonly from: number };

export type RunningContainer = {
  view(): ContainerView;
  /** Its preStop hook, SIGTERM, SIGKILL after the grace period, in which the hook counts; it is not started again. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL of the process; it is started again. */
  kill(): void;
};

export type ContainerOptions = {
  readonly spec: Container;
  /** What its probes and hooks are done to. */
  readonly target: ActionTarget;
  /** What to run; undefined when no local program replaces the image. */
  readonly process: () => Promise<ProcessSpec | undefined>;
  /** Restarts of earlier lives. */
  readonly restartCount: number;
  /** Called after every change of `view()`. */
  readonly onChange: () => void;
};

/** A process gets so long even where its hook has used up the grace period. */
const AFTER_HOOK_MS = 500;
const POST_START_MS = 60_000;

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
    const logFrom = sizeOf(spec.logFile);
    running = await startProcess(spec);
    change({ log: { file: spec.logFile, from: logFrom }, previousLog: current.log });
    await afterStart(options, running);
    const endProbes = new AbortController();
    const ready = options.spec.readinessProbe === undefined;
    change({ state: { running: { startedAt } }, ready, pid: running.pid });
    const probes = startProbes(options.target, running, endProbes.signal, (ready) => {
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
      const began = performance.now();
      if (current.state.running !== undefined) await beforeStop(options, graceMs);
      await running?.stop(Math.max(AFTER_HOOK_MS, graceMs - (performance.now() - began)));
      await finished;
      const startedAt = current.state.running?.startedAt;
      if (startedAt !== undefined) change({ ready: false, state: terminated('code 0', startedAt) });
    },
    kill: () => running?.kill(),
  };
}

async function afterStart({ spec, target }: ContainerOptions, running: ManagedProcess): Promise<void> {
  const hook = spec.lifecycle?.postStart;
  if (hook !== undefined && !(await act(hook, target, POST_START_MS))) running.kill();
}

/** A hook that fails prevents nothing: the process ends all the same. */
async function beforeStop({ spec, target }: ContainerOptions, graceMs: number): Promise<void> {
  const hook = spec.lifecycle?.preStop;
  if (hook !== undefined && graceMs > 0) await act(hook, target, Math.ceil(graceMs));
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
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
