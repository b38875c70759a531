const BUCKET_MS = 10_000;
const BUCKETS = 6;

/** How often something happened in about the last minute. Most copies are not called: what counts is made by the first call. */
export class Rate {
  #counts: number[] | undefined;
  #newest = 0;

  count(now: number): void {
    const counts = (this.#counts ??= Array.from({ length: BUCKETS }, () => 0));
    this.#advance(counts, now);
    const bucket = this.#newest % BUCKETS;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  perMinute(now: number): number {
    if (this.#counts === undefined) return 0;
    this.#advance(this.#counts, now);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #advance(counts: number[], now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    const passed = Math.min(bucket - this.#newest, BUCKETS);
    for (let step = 1; step <= passed; step += 1) counts[(bucket - passed + step) % BUCKETS] = 0;
    this.#newest = Math.max(this.#newest, bucket);
  }
}
