import { noteUse, type UseHistory } from '@meshkeeper/placement';
import { Rate } from './rate.ts';

export type CopyState =
  /** Queued or loading. */
  | { readonly kind: 'coming' }
  | { readonly kind: 'loaded'; readonly at: number }
  /** The load failed, or there was no space for it; to be published to the registry. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It was loaded and has been evicted; to be published to the registry. */
  | { readonly kind: 'evicted'; readonly lastUsed: number };

/** One copy of a model on this instance. `start` identifies its assignment in the registry (epoch ms). */
export class Copy {
  readonly id: string;
  readonly start: number;
  state: CopyState = { kind: 'coming' };
  /** Calls in flight. */
  inFlight = 0;
  /** Concurrent calls that the model accepts; 0 for no limit. */
  maxConcurrency = 0;
  lastUsed: number;
  use: UseHistory | undefined;
  readonly rate = new Rate();
  /** A request has waited for it. */
  wanted = false;
  readonly #settled = new Latch();
  readonly #published = new Latch();
  /** Created when the copy is drained while calls are in flight. */
  #idle: Latch | undefined;

  constructor(id: string, start: number, lastUsed: number) {
    this.id = id;
    this.start = start;
    this.lastUsed = lastUsed;
  }

  /** Resolves once the copy is loaded, has failed, or is no longer wanted. */
  get settled(): Promise<void> {
    return this.#settled.opened;
  }

  /** Resolves once the registry has recorded the copy's final state. */
  get published(): Promise<void> {
    return this.#published.opened;
  }

  markPublished(): void {
    this.#published.open();
  }

  setState(state: CopyState): void {
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

  /** Called when no further call is sent to the copy. Resolves once the calls in flight have ended, or after `limitMs`. */
  drain(limitMs: number): Promise<void> {
    this.#settled.open();
    if (this.inFlight === 0) return Promise.resolve();
    const idle = (this.#idle ??= new Latch());
    const timer = setTimeout(() => idle.open(), limitMs).unref();
    return idle.opened.finally(() => clearTimeout(timer));
  }
}

const OPEN = Promise.resolve();

/** An event that happens once. Its promise is created on the first wait: of thousands of latches, hardly one is waited for. */
class Latch {
  #isOpen = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Resolves once `open` was called. */
  get opened(): Promise<void> {
    if (this.#isOpen) return OPEN;
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }

  open(): void {
    this.#isOpen = true;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
