/** How it stands with a work key's runs. Times are epoch ms. */
export type RunsSeen = {
  /** How many began, which is the number of the latest; 0 for an unknown key. */
  readonly runs: number;
  readonly isRunning: boolean;
  /** When it runs next; past for one that waits in the queue, undefined where only a change would make it run. */
  readonly nextRunAt: number | undefined;
  /** When the oldest change came that no finished run has seen. */
  readonly waitingSince: number | undefined;
  /** Failed runs in a row, and why the last one failed; empty for none. */
  readonly failures: number;
  readonly lastError: string;
};

/** Whether the key runs again, and when, in one sentence. */
export function nextRunInWords({ isRunning, nextRunAt, failures }: RunsSeen, now: number): string {
  if (isRunning) return 'A run is under way.';
  if (nextRunAt === undefined) return 'It runs again when something that it depends on changes.';
  const seconds = Math.round((nextRunAt - now) / 1_000);
  const what = failures > 0 ? 'The next try' : 'The next run';
  if (seconds > 0) return `${what} comes in ${durationText(seconds)}, or with the next change.`;
  return seconds > -2 ? `${what} is due now.` : `${what} has been due for ${durationText(-seconds)}.`;
}

export function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
