import { CallError } from '@meshkeeper/domain';

/**
 * What a run may still rely on: its job's lock, seen from this side. Redis lets a lock lapse while a process is frozen or cut off;
 * the fence is measured on this process's own clock, so it closes no later than the lock does.
 */
export class Fence {
  readonly #controller = new AbortController();
  #validUntil: number;

  constructor(validForMs: number) {
    this.#validUntil = performance.now() + validForMs;
  }

  /** Aborts when the fence closes: a call in flight may as well end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** `sentAt` is the `performance.now()` before the renewal went out: the lock is no younger than that. */
  extend(sentAt: number, validForMs: number): void {
    if (this.signal.aborted) return;
    this.#validUntil = Math.max(this.#validUntil, sentAt + validForMs);
  }

  /** For good: a late renewal must not reopen a fence whose calls have been aborted. */
  close(): void {
    this.#validUntil = Number.NEGATIVE_INFINITY;
    this.#controller.abort();
  }

  get isOpen(): boolean {
    return performance.now() < this.#validUntil;
  }

  /** Called before each side effect. @throws CallError `Conflict`, code `LostLock`, when the run may no longer write. */
  guard(): void {
    if (this.isOpen) return;
    this.close();
    throw new CallError('Conflict', 'This run lost its lock; another run continues', { code: 'LostLock' });
  }
}
