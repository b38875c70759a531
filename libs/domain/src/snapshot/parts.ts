import type { RuntimeFacts } from '../changes/facts.ts';
import type { KindName } from '../objects/kinds.ts';
import type { NamedRuntime, Viewed } from './snapshot.ts';

/** Whether a kind is listed whole, so that absence counts. */
export type IsComplete = (kind: KindName) => boolean;
/** The gathered objects of a kind. */
export type ObjectsOf = (kind: KindName) => readonly Viewed[];

export function namedRuntimes(
  kind: NamedRuntime['kind'],
  facts: Readonly<Record<string, unknown>>,
): readonly NamedRuntime[] {
  return Object.entries(facts).map(([name, runtime]) => ({ ...(runtime as RuntimeFacts), name, kind }));
}
