import { noteUse, type UseHistory } from '@meshkeeper/placement';
import { Latch } from './latch.ts';
import { Rate } from './rate.ts';

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
  readonly rate = new Rate();
  /** A request has waited for it. */
  wanted = false;
  readonly #settled = new Latch();
  readonly #told = new Latch();
  /** There once it leaves while calls are under way. */
  #idle: Latch | undefined;

  constructor(id: string, start: number, lastUsed: number) {
    this.id = id;
    this.start = start;
    this.lastUsed = lastUsed;
  }

  /** Resolves once it is loaded, has failed, or is not wanted any more. */
  get settled(): Promise<void> {
    return this.#settled.opened;
  }

  /** Resolves once the registry says what became of it. */
  get told(): Promise<void> {
    return this.#told.opened;
  }

  wasTold(): void {
    this.#told.open();
  }

  become(state: CopyState): void {
    this.state = state;
    this.#settled.open();
  }

  called(now: number): void {
    this.inFlight += 1;
    this.lastUsed = now;
    this.use = noteUse(this.use, now);
    this.rate.count(now);
  }

  ended(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0) this.#idle?.open();
  }

  /** No further call comes: resolves once those under way have ended, or after `limitMs`. */
  leave(limitMs: number): Promise<void> {
    this.#settled.open();
    if (this.inFlight === 0) return Promise.resolve();
    const idle = (this.#idle ??= new Latch());
    const timer = setTimeout(() => idle.open(), limitMs).unref();
    return idle.opened.finally(() => clearTimeout(timer));
  }
}
