export type DelayLimits = {
  readonly firstMs: number;
  readonly longestMs: number;
  /** Shares of the delay between which `random` chooses, so that those who failed together do not retry together. None: no jitter. */
  readonly jitter?: readonly [least: number, most: number];
  readonly random?: () => number;
};

/** Milliseconds to wait after `failures` failures in a row (at least 1): doubles with each, up to the longest. */
export function exponentialDelay(failures: number, limits: DelayLimits): number {
  const { firstMs, longestMs, jitter: [least, most] = [1, 1], random = Math.random } = limits;
  const delayMs = Math.min(firstMs * 2 ** (failures - 1), longestMs);
  return least === most ? delayMs * least : delayMs * (least + (most - least) * random());
}
