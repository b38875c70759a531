import type { Logger } from '@meshkeeper/process';
import type { Copy } from './copy.ts';
import type { LoadEnd } from './host.ts';

/** Calls in flight when a copy is removed may take this long to finish, as in the original. */
export const LAST_CALLS_MS = 120_000;

/**
 * The copies of this instance and their states. The host reports here how loads ended and what it evicted; each change of a state requests a
 * reconciliation of that model through `requeue`, which publishes it to the registry.
 */
export class CopyTable {
  readonly #copies = new Map<string, Copy>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #requeue: (modelId: string) => void;
  readonly #logger: Logger;

  constructor(requeue: (modelId: string) => void, logger: Logger) {
    this.#requeue = requeue;
    this.#logger = logger;
  }

  get(modelId: string): Copy | undefined {
    return this.#copies.get(modelId);
  }

  all(): Iterable<Copy> {
    return this.#copies.values();
  }

  add(copy: Copy): void {
    this.#copies.set(copy.id, copy);
  }

  /** Removes this copy, unless another one has replaced it. */
  remove(copy: Copy): void {
    if (this.#copies.get(copy.id) === copy) this.#copies.delete(copy.id);
  }

  loadEnded(modelId: string, end: LoadEnd): void {
    const copy = this.#copies.get(modelId);
    if (copy === undefined) return;
    this.#logger.debug({ modelId, ...end }, 'Load ended');
    if (end.kind === 'loaded') {
      copy.maxConcurrency = end.maxConcurrency;
      copy.setState({ kind: 'loaded', at: end.at });
    } else copy.setState({ kind: 'failed', message: end.message });
    this.#requeue(modelId);
  }

  /** Resolves once no call uses the evicted copy any more. */
  async onEvicted(modelId: string, lastUsed: number): Promise<void> {
    const copy = this.#copies.get(modelId);
    copy?.setState({ kind: 'evicted', lastUsed });
    this.#requeue(modelId);
    await copy?.drain(LAST_CALLS_MS);
  }

  /** Marks a copy that the runtime no longer has. Calls in flight get the runtime's own answer. */
  evictLocally(copy: Copy): void {
    copy.setState({ kind: 'evicted', lastUsed: copy.lastUsed });
    this.#requeue(copy.id);
  }

  wakeWaiters(modelId: string): void {
    for (const wake of this.#waiters.get(modelId) ?? []) wake();
  }

  /**
   * Waits for the copy that the registry assigns to this instance.
   * @returns undefined when it is evicted, no longer assigned, or `signal` aborts
   */
  async expect(
    modelId: string,
    isAssigned: (modelId: string) => boolean,
    signal: AbortSignal,
  ): Promise<Copy | undefined> {
    while (!this.#copies.has(modelId) && isAssigned(modelId)) {
      await this.#nextWake(modelId, signal);
      if (signal.aborted) return undefined;
    }
    const copy = this.#copies.get(modelId);
    // An evicted copy stays in the table until the registry has recorded it, which may take as long as etcd is away.
    return copy?.state.kind === 'evicted' ? undefined : copy;
  }

  async #nextWake(modelId: string, signal: AbortSignal): Promise<void> {
    const woken = Promise.withResolvers<void>();
    const wake = (): void => woken.resolve();
    const waiting = this.#waiters.get(modelId) ?? new Set();
    this.#waiters.set(modelId, waiting.add(wake));
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    await woken.promise;
    signal.removeEventListener('abort', wake);
    waiting.delete(wake);
    if (waiting.size === 0) this.#waiters.delete(modelId);
  }
}
