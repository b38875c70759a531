import type { Io } from './io.ts';

/** An error makes the command fail; a warning may surprise its reader; a note explains. */
export type Severity = 'error' | 'warning' | 'note';
export type Report = (severity: Severity, message: string) => void;
export type Problem = { readonly severity: Severity; readonly message: string };

/** Writes each problem to stderr immediately, and once; `problems` has those written so far. */
export function createReporter(io: Io): { readonly report: Report; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (severity, message) => {
    if (problems.some((problem) => problem.severity === severity && problem.message === message)) return;
    problems.push({ severity, message });
    io.err(`${severity}: ${message}\n`);
  };
  return { report, problems };
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}
