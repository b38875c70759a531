const BUCKET_MS = 10_000;
const BUCKETS = 6;

/** How often something happened in about the last minute. */
export type Rate = {
  count(now: number): void;
  perMinute(now: number): number;
};

export function createRate(): Rate {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  let newest = 0;
  const advance = (now: number): void => {
    const bucket = Math.floor(now / BUCKET_MS);
    const passed = Math.min(bucket - newest, BUCKETS);
    for (let step = 1; step <= passed; step += 1) counts[(bucket - passed + step) % BUCKETS] = 0;
    newest = Math.max(newest, bucket);
  };
  return {
    count: (now) => {
      advance(now);
      const bucket = newest % BUCKETS;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    },
    perMinute: (now) => {
      advance(now);
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
