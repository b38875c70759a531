import { noteUse, type UseHistory } from '@meshkeeper/placement';
import { createRate, type Rate } from './rate.ts';

export type CopyState =
  /** Queued, or loading. */
  | { readonly kind: 'coming' }
  | { readonly kind: 'loaded'; readonly at: number }
  /** The load failed, or there was no place for it: to be told to the registry. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It was, and lost its place: to be told to the registry. */
  | { readonly kind: 'evicted'; readonly lastUsed: number };

/** One copy on this instance. `start` is the assignment in the registry that it belongs to. */
export class Copy {
  readonly id: string;
  readonly start: number;
  state: CopyState = { kind: 'coming' };
  /** Calls that the runtime has of it now. */
  inFlight = 0;
  /** Calls at once that it takes; 0 for as many as come. */
  maxConcurrency = 0;
  lastUsed: number;
  use: UseHistory | undefined;
  readonly rate: Rate = createRate();
  /** A request has waited for it. */
  wanted = false;
  readonly #settled = Promise.withResolvers<void>();
  readonly #told = Promise.withResolvers<void>();
  readonly #idle = Promise.withResolvers<void>();
  #isLeaving = false;

  constructor(id: string, start: number, lastUsed: number) {
    this.id = id;
    this.start = start;
    this.lastUsed = lastUsed;
  }

  /** Resolves once it is loaded, has failed, or is not wanted any more. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Resolves once the registry says what became of it. */
  get told(): Promise<void> {
    return this.#told.promise;
  }

  wasTold(): void {
    this.#told.resolve();
  }

  become(state: CopyState): void {
    this.state = state;
    this.#settled.resolve();
  }

  called(now: number): void {
    this.inFlight += 1;
    this.lastUsed = now;
    this.use = noteUse(this.use, now);
    this.rate.count(now);
  }

  ended(): void {
    this.inFlight -= 1;
    if (this.#isLeaving && this.inFlight === 0) this.#idle.resolve();
  }

  /** No further call comes: resolves once those under way have ended, or after `limitMs`. */
  leave(limitMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#settled.resolve();
    if (this.inFlight === 0) return Promise.resolve();
    const timer = setTimeout(() => this.#idle.resolve(), limitMs).unref();
    return this.#idle.promise.finally(() => clearTimeout(timer));
  }
}
