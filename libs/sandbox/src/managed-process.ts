import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenerOn } from './listening-process.ts';
import { forgetProcess, recordProcess, signalGroup } from './process-record.ts';

export type ProcessSpec = {
  /** Used in sentences: "etcd ended …". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; that of this process when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Receives stdout and stderr, appended. */
  readonly logFile: string;
  /** Where the process is recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
  /**
   * Called every 50 ms until true; throwing counts as false. `output` gives what the process has printed so far. Without it the process is
   * ready as soon as it runs.
   */
  readonly ready?: (output: () => string) => boolean | Promise<boolean>;
  /** Ports of 127.0.0.1 on which it listens once it is ready: it is not while another process listens there, whatever that answers. */
  readonly ports?: readonly number[];
  /** 60,000 when absent. */
  readonly readyTimeoutMs?: number;
  /** Milliseconds between SIGTERM and SIGKILL; 8,000 when absent. */
  readonly graceMs?: number;
};

/** How a process ended: `code 1` or `signal SIGKILL`. */
export type ExitText = string;

export type ManagedProcess = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process is gone; never rejects. */
  readonly exited: Promise<ExitText>;
  /** SIGTERM, then SIGKILL after the grace period (that of the spec when absent). Safe to call twice. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL. */
  kill(): void;
  /** SIGSTOP: it holds its connections and does nothing. */
  freeze(): void;
  thaw(): void;
};

/** Children of this process, ended with it when it exits without having stopped them. */
const running = new Set<number>();
process.once('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});

/**
 * Starts a program in a process group of its own (a Ctrl-C in the terminal must not reach it before its turn) and waits
 * until it is ready.
 * @throws Error with the last lines of its log when it cannot be started, ends before it is ready, or is not ready in time.
 */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  const from = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0;
  const child = await spawnLogged(spec);
  const managed = manage(spec, child);
  try {
    await untilReady(spec, managed, () => readFileSync(spec.logFile).subarray(from).toString('utf8'));
  } catch (error) {
    managed.kill();
    await managed.exited;
    throw error;
  }
  return managed;
}

async function spawnLogged(spec: ProcessSpec): Promise<ChildProcess & { readonly pid: number }> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a');
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env ?? process.env,
      stdio: ['ignore', log, log],
      detached: true,
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child as ChildProcess & { readonly pid: number };
  } catch (error) {
    throw new Error(`${spec.name} cannot be started: ${(error as Error).message}`, { cause: error });
  } finally {
    closeSync(log);
  }
}

function manage(spec: ProcessSpec, child: ChildProcess & { readonly pid: number }): ManagedProcess {
  const { pid } = child;
  running.add(pid);
  if (spec.recordFolder !== undefined) recordProcess(spec.recordFolder, pid);
  let gone = false;
  const exited = new Promise<ExitText>((resolve) => {
    child.once('exit', (code, signal) => {
      gone = true;
      running.delete(pid);
      if (spec.recordFolder !== undefined) forgetProcess(spec.recordFolder, pid);
      resolve(signal === null ? `code ${code}` : `signal ${signal}`);
    });
  });
  const send = (signal: NodeJS.Signals): void => {
    if (!gone) signalGroup(pid, signal);
  };
  const stop = async (graceMs = spec.graceMs ?? 8_000): Promise<void> => {
    send('SIGTERM');
    send('SIGCONT'); // a frozen process would not see the SIGTERM
    const timer = setTimeout(() => send('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return {
    name: spec.name,
    pid,
    logFile: spec.logFile,
    exited,
    stop,
    kill: () => send('SIGKILL'),
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
  };
}

async function untilReady(spec: ProcessSpec, managed: ManagedProcess, output: () => string): Promise<void> {
  const { ready } = spec;
  if (ready === undefined) return;
  const limit = spec.readyTimeoutMs ?? 60_000;
  const deadline = performance.now() + limit;
  let exit: ExitText | undefined;
  void managed.exited.then((text) => (exit = text));
  for (;;) {
    const isReady = await Promise.resolve()
      .then(() => ready(output))
      .catch(() => false);
    if (exit !== undefined) throw processError(spec, `ended with ${exit} before it was ready`);
    const problem = isReady ? portProblem(spec, managed.pid) : undefined;
    if (isReady && problem === undefined) return;
    if (performance.now() > deadline)
      throw processError(spec, `was not ready within ${limit / 1000} s${problem === undefined ? '' : `: ${problem}`}`);
    await sleep(50);
  }
}

/** Why what answers is not this process. */
function portProblem({ ports = [] }: ProcessSpec, pid: number): string | undefined {
  for (const port of ports) {
    const listener = listenerOn(port, pid);
    if (listener === 'foreign') return `another process listens on port ${port}`;
    if (listener === 'none') return `it does not listen on port ${port}`;
  }
  return undefined;
}

function processError(spec: ProcessSpec, problem: string): Error {
  const lines = lastLines(spec.logFile, 5);
  return new Error(`${spec.name} ${problem}; the end of ${spec.logFile}:\n${lines}`);
}

/** The last `count` lines of a file, each cut at 300 characters. */
export function lastLines(file: string, count: number): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, 16_384));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8').trimEnd().split('\n').slice(-count);
    return lines.map((line) => `  ${line.slice(0, 300)}`).join('\n');
  } finally {
    closeSync(handle);
  }
}
