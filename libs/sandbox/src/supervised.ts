import { setTimeout as sleep } from 'node:timers/promises';
import { createBackoff } from './backoff.ts';
import type { ManagedProcess } from './managed-process.ts';

/** A process that is started again whenever it ends by itself. */
export type SupervisedProcess = {
  readonly name: string;
  /** Of its present life; undefined between two lives and after `stop`. */
  readonly pid: number | undefined;
  /** Where it serves, if it does. */
  readonly url: string | undefined;
  readonly logFile: string;
  /** Lives after the first, those begun by `start` included. */
  readonly restarts: number;
  /** SIGKILL; it is started again after a pause. */
  kill(): void;
  /** SIGSTOP. */
  freeze(): void;
  thaw(): void;
  /** Ends it in order and leaves it ended, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

export type Supervision = {
  readonly name: string;
  readonly url?: string;
  readonly logFile: string;
  /** Starts one life; `first` when a failure ends the whole start, so that it should wait until the process is ready. */
  readonly start: (first: boolean) => Promise<ManagedProcess>;
  readonly log: (line: string) => void;
};

/**
 * Starts a process and keeps it alive: the first pause is 1 s, doubled up to 15 s, and 1 s again after a life of a minute.
 * @throws what the first start throws.
 */
export async function supervise(what: Supervision): Promise<SupervisedProcess> {
  let current: ManagedProcess | undefined = await what.start(true);
  let abort = new AbortController();
  let restarts = 0;
  const keepAlive = async (signal: AbortSignal): Promise<void> => {
    const backoff = createBackoff({ firstMs: 1_000, capMs: 15_000, resetAfterMs: 60_000 });
    while (!signal.aborted) {
      const began = performance.now();
      const ended = await current?.exited;
      current = undefined;
      if (signal.aborted) return;
      const pause = backoff.next(performance.now() - began);
      what.log(`${what.name} ended with ${ended ?? 'a failed start'}; it is started again in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      restarts += 1;
      current = await what.start(false).catch((error: unknown) => {
        what.log((error as Error).message);
        return undefined;
      });
    }
  };
  let watching = keepAlive(abort.signal);
  return {
    name: what.name,
    url: what.url,
    logFile: what.logFile,
    get pid() {
      return current?.pid;
    },
    get restarts() {
      return restarts;
    },
    kill: () => current?.kill(),
    freeze: () => current?.freeze(),
    thaw: () => current?.thaw(),
    stop: async () => {
      abort.abort();
      await current?.stop();
      await watching;
      await current?.stop(); // one that was just being started again
      current = undefined;
    },
    start: async () => {
      if (!abort.signal.aborted) return;
      current = await what.start(true);
      restarts += 1;
      abort = new AbortController();
      watching = keepAlive(abort.signal);
    },
  };
}
