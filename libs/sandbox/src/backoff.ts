/** The pause before a restart: doubles with every quick death, starts over after a life long enough. */
export type Backoff = {
  /** Milliseconds to wait, given how long the last life took. */
  next(livedMs: number): number;
};

export type BackoffOptions = { readonly firstMs: number; readonly capMs: number; readonly resetAfterMs: number };

export function createBackoff(options: BackoffOptions): Backoff {
  let pause = options.firstMs;
  return {
    next: (livedMs) => {
      if (livedMs >= options.resetAfterMs) pause = options.firstMs;
      const now = pause;
      pause = Math.min(pause * 2, options.capMs);
      return now;
    },
  };
}
