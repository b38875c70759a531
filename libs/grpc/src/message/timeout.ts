const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** The milliseconds of a `grpc-timeout`; undefined when it is malformed. */
export function parseTimeout(value: string): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (UNIT_MS[unit] ?? 0);
}

/** Milliseconds as a `grpc-timeout`, in the finest unit of which eight digits suffice; rounded up, so that 0 is only 0. */
export function formatTimeout(ms: number): string {
  for (const unit of ['u', 'm', 'S', 'M']) {
    const count = Math.ceil(ms / (UNIT_MS[unit] ?? 1));
    if (count < 1e8) return `${count}${unit}`;
  }
  return '99999999M';
}

/** The longest time that node's timers know (24 days). A longer one fires immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer for a deadline; none when there is no deadline, or one too far away to matter. */
export function startDeadline(ms: number | undefined, passed: () => void): NodeJS.Timeout | undefined {
  return ms === undefined || ms > LONGEST_TIMER_MS ? undefined : setTimeout(passed, Math.max(0, ms));
}
