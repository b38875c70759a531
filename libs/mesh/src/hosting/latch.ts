const OPEN = Promise.resolve();

/** An event that happens once. Its promise is created on the first wait: of thousands of latches, hardly one is waited for. */
export class Latch {
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
