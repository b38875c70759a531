import { formatWarning, ignoredFieldWarnings, registrationWarning, type NamedRuntime } from '@meshkeeper/domain';
import type { Review, Verdict } from './admission-review.ts';

/** The runtimes that a namespace sees; undefined when they are not known, or not in time. Never rejects. */
export type RuntimesOf = (namespace: string) => Promise<readonly NamedRuntime[] | undefined>;

/** Never denies: an InferenceService that cannot be served now may be served later. The most important warnings come first. */
export async function reviewInferenceService({ object, namespace }: Review, runtimesOf: RuntimesOf): Promise<Verdict> {
  const invalid = registrationWarning(object);
  const runtimes = invalid === undefined ? await runtimesOf(namespace) : undefined;
  const unsupported = runtimes === undefined ? undefined : formatWarning(object, runtimes);
  const first = [invalid, unsupported].filter((warning) => warning !== undefined);
  return { kind: 'allowed', warnings: [...first, ...ignoredFieldWarnings(object)] };
}
