/** Milliseconds, unless it says otherwise. */
export type RuntimeTiming = {
  /** Between two questions whether the server is ready. */
  readonly pollMs: number;
  readonly pollDeadlineMs: number;
  /** How long it may take to be ready. */
  readonly startLimitMs: number;
  readonly sizeDeadlineMs: number;
  readonly predictDeadlineMs: number;
  /** From a failed load to the unload of what it left. */
  readonly afterErrorMs: number;
  /** The same for a load that was cut off: the server may still be at it. */
  readonly afterCutMs: number;
  readonly unloadRetryMs: number;
  /** A number. */
  readonly unloadAttempts: number;
};

export const RUNTIME_TIMING: RuntimeTiming = {
  // The original polls every 2 s; here the mesh is ready within a second of its server.
  pollMs: 250,
  pollDeadlineMs: 2_000,
  startLimitMs: 180_000,
  sizeDeadlineMs: 30_000,
  predictDeadlineMs: 500,
  afterErrorMs: 1_000,
  afterCutMs: 3_000,
  unloadRetryMs: 10_000,
  unloadAttempts: 90,
};
