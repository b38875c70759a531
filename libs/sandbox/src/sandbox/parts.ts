import { setTimeout as sleep } from 'node:timers/promises';

/** How long a stop waits for what was just starting and could not be stopped yet. */
const LATE_START_MS = 3_000;

/** Everything that was started, so that it can be stopped in the reverse order at any moment, in mid-start too. */
export class Parts {
  readonly #stops: { readonly stage: Stage; readonly stop: () => Promise<void> }[] = [];
  readonly #starting = new Set<Promise<unknown>>();
  #stopping: Promise<void> | undefined;

  /**
   * Starts a part and keeps it for `stop`. Once the stop has begun nothing is started any more, and what was just starting is
   * stopped as soon as it can be.
   * @throws Error then, and what `start` throws.
   */
  async keep<T extends { stop(): Promise<void> }>(stage: Stage, start: () => T | Promise<T>): Promise<T> {
    if (this.#stopping !== undefined) throw new Error(STOPPED);
    const starting = Promise.resolve().then(start);
    this.#starting.add(starting);
    const part = await starting.finally(() => this.#starting.delete(starting));
    this.#stops.push({ stage, stop: () => part.stop() });
    if (this.#stopping !== undefined) {
      await part.stop();
      throw new Error(STOPPED);
    }
    return part;
  }

  /** Stops the stages one after the other, the parts of a stage side by side. Safe to call twice. Never rejects. */
  stop(onStage: (stage: Stage) => void = () => {}): Promise<void> {
    this.#stopping ??= this.#stopAll(onStage);
    return this.#stopping;
  }

  async #stopAll(onStage: (stage: Stage) => void): Promise<void> {
    for (const stage of STAGES) {
      // The folder is given to the next one only when nothing is starting in it any more.
      if (stage === 'locks')
        await Promise.race([Promise.allSettled(this.#starting), sleep(LATE_START_MS, undefined, { ref: false })]);
      const parts = this.#stops.filter((part) => part.stage === stage);
      if (parts.length > 0 && !QUIET.includes(stage)) onStage(stage);
      await Promise.allSettled(parts.map((part) => part.stop()));
    }
  }
}

/** Reported when a start ends because a stop was requested. */
export const STOPPED = 'The sandbox was stopped while it started';

/** In the order in which they are stopped: each uses those after it. */
export const STAGES = [
  'our processes',
  'the node and its pods',
  'Kubernetes and Redis',
  'the etcds',
  'leftovers',
  'locks',
] as const;
export type Stage = (typeof STAGES)[number];

/** Nothing that a user knows of. */
const QUIET: readonly Stage[] = ['leftovers', 'locks'];
