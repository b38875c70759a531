import type { GoPackage } from './go-packages.ts';

export type BuildEstimate = {
  /** Go has begun to compile a package. */
  begin(path: string): void;
  /** `compiled 812 of 1,450 packages, about 2 min left` */
  text(): string;
};

/** Before that a forecast would jump. */
const FORECAST_AFTER_MS = 5_000;
/** A package takes as long as this many bytes more than it has: fitted to the CPU times of the 2,421 packages of the control plane. */
const BYTES_PER_PACKAGE = 65_000;
const MINUTE_MS = 60_000;

/**
 * Counts what a build has compiled and forecasts when it ends. Go names only the packages that it compiles: what those import is there
 * by then, from this build or an earlier one.
 */
export function createBuildEstimate(packages: readonly GoPackage[], now: () => number): BuildEstimate {
  const byPath = new Map(packages.map((each) => [each.path, each]));
  const total = packages.reduce((sum, each) => sum + costOf(each), 0);
  const done = new Set<GoPackage>();
  let [doneCost, compiledCost] = [0, 0];
  let began: number | undefined;
  const finish = (each: GoPackage): void => {
    if (done.has(each)) return;
    done.add(each);
    doneCost += costOf(each);
    for (const path of each.imports) {
      const imported = byPath.get(path);
      if (imported !== undefined) finish(imported);
    }
  };
  const timeLeft = (): string => {
    const passed = began === undefined ? 0 : now() - began;
    if (passed < FORECAST_AFTER_MS || compiledCost === 0) return '';
    const left = ((total - doneCost) / compiledCost) * passed;
    return left < MINUTE_MS ? ', less than a minute left' : `, about ${Math.round(left / MINUTE_MS)} min left`;
  };
  return {
    begin: (path) => {
      const each = byPath.get(path);
      if (each === undefined) return;
      began ??= now();
      finish(each);
      compiledCost += costOf(each);
    },
    text: () => `compiled ${count(done.size)} of ${count(packages.length)} packages${timeLeft()}`,
  };
}

function costOf({ bytes }: GoPackage): number {
  return bytes + BYTES_PER_PACKAGE;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
