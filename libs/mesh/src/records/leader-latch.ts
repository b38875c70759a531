import type { Stored } from './cluster-view.ts';

/** The leader is whose latch was created first; ids carry a leading `_`. Undefined while there is none. */
export function leaderOf(latches: ReadonlyMap<string, Stored<string>>): string | undefined {
  const [first, ...others] = latches;
  if (first === undefined) return undefined;
  const [id] = others.reduce(
    (oldest, latch) => (latch[1].createRevision < oldest[1].createRevision ? latch : oldest),
    first,
  );
  return id.replace(/^_/, '');
}
