const OPEN = Promise.resolve();

/** Something that happens once. Its promise is made when somebody waits for it: of thousands, hardly one is waited for. */
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
