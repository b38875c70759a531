import { KINDS } from '../objects/kinds.ts';
import type { ViewReader } from '../ports/view-reader.ts';
import { DRIFT_SOURCES, DriftView } from './drift-view.ts';
import { findDrift, type Finding } from './find-drift.ts';

/** What has just changed is on its way, and its records come later. */
const GRACE_MS = 30_000;

export type Drift = {
  readonly findings: readonly Finding[];
  /** Sources that are not listed whole: nothing is concluded from what they lack. */
  readonly unlisted: readonly string[];
};

/** Reads the whole view and gives what disagrees in it and is not being worked at. @throws CallError of the reader. */
export async function lookForDrift(reader: ViewReader, ownNamespace: string): Promise<Drift> {
  // Before the objects: what is listed whole now lacks nothing later.
  const states = await reader.states(DRIFT_SOURCES);
  const view = new DriftView(ownNamespace);
  for (const source of DRIFT_SOURCES) for await (const object of reader.objects(source)) view.add(object);
  const input = view.input(states);
  const found = findDrift(input);
  const keys = found.flatMap((finding) => finding.keys);
  const busy = keys.length === 0 ? new Set<string>() : await reader.busyKeys(keys, GRACE_MS);
  return {
    findings: found.filter((finding) => !finding.keys.some((key) => busy.has(key))),
    unlisted: DRIFT_SOURCES.filter((source) => states[source]?.complete !== true && isSeen(source, input.enabled)),
  };
}

/** In namespace scope namespaces are not watched, and not missing. */
function isSeen(source: string, enabled: ReadonlySet<string> | undefined): boolean {
  return source !== KINDS.namespaces.source || enabled !== undefined;
}
