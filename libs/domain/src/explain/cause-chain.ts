import { readEffect, timeOf, type LoggedEntry, type ReadEffect } from './logged-entry.ts';
import { describeChanges, type ChangeDescription } from './describe-changes.ts';

export type ToldWrite = {
  readonly at: number;
  /** As the log names it: `setVModel digits to digits__isvc-0123456789`. */
  readonly what: string;
  readonly reason: string;
  /** `ok`, or what went wrong. */
  readonly outcome: string;
};

/** Changes, the run that they caused, and what it wrote. */
export type Episode = {
  /** The number of the run; undefined for changes after which nothing was written. */
  readonly run: number | undefined;
  readonly changes: readonly ChangeDescription[];
  /** How many more changes it followed, which the log holds no more. */
  readonly forgotten: number;
  readonly writes: readonly ToldWrite[];
  readonly from: number;
  readonly to: number;
};

/**
 * Why was it written? From the entries that concerned a key: for each run that wrote something, which changes it followed. Newest
 * first. A run without a change of its own is a retry, or a look again.
 */
export function causeChain(key: string, entries: readonly LoggedEntry[]): readonly Episode[] {
  const oldestFirst = entries.toSorted((a, b) => timeOf(a) - timeOf(b) || countOf(a) - countOf(b));
  const effects = oldestFirst.flatMap((entry) => {
    const effect = readEffect(entry);
    return effect?.key === key ? [{ id: entry.id, effect }] : [];
  });
  const echoes = echoesOf(oldestFirst, new Set(effects.map(({ id }) => id)));
  const changes = describeChanges(oldestFirst).filter(({ id }) => !echoes.has(id));
  const runs = runsOf(effects, changes, echoes);
  const caused = new Set(effects.flatMap(({ effect }) => effect.cause));
  const quiet = quietEpisodes(changes, caused, runs);
  return [...runs, ...quiet].toSorted((a, b) => b.to - a.to || b.from - a.from);
}

/** The key's own writes, and what a watcher saw of them: at the same revision. */
function echoesOf(entries: readonly LoggedEntry[], ownIds: ReadonlySet<string>): ReadonlySet<string> {
  const revisionOf = ({ source, object, revision }: LoggedEntry): string => `${source} ${object} ${revision}`;
  const written = new Set(entries.filter(({ id }) => ownIds.has(id)).map(revisionOf));
  return new Set(entries.filter((entry) => written.has(revisionOf(entry))).map(({ id }) => id));
}

type OwnEffect = { readonly id: string; readonly effect: ReadEffect };

function runsOf(
  effects: readonly OwnEffect[],
  changes: readonly ChangeDescription[],
  echoes: ReadonlySet<string>,
): readonly Episode[] {
  const numbers = [...new Set(effects.map(({ effect }) => effect.fencingToken))];
  return numbers.map((run): Episode => {
    const own = effects.filter(({ effect }) => effect.fencingToken === run);
    const causes = new Set(own.flatMap(({ effect }) => effect.cause));
    const writes = own.map(({ id, effect: { write, reason, outcome } }) => ({
      at: timeOf({ id }),
      what: write,
      reason,
      outcome,
    }));
    const found = changes.filter(({ id }) => causes.has(id));
    const known = new Set([...found.map(({ id }) => id), ...echoes]);
    return { ...episode(run, found, writes), forgotten: [...causes].filter((id) => !known.has(id)).length };
  });
}

/** What nothing followed, put together where no run with a write lies between. */
function quietEpisodes(
  changes: readonly ChangeDescription[],
  caused: ReadonlySet<string>,
  runs: readonly Episode[],
): readonly Episode[] {
  const groups = Map.groupBy(
    changes.filter(({ id }) => !caused.has(id)),
    ({ at }) => runs.filter(({ to }) => to < at).length,
  );
  return [...groups.values()].map((group) => episode(undefined, group, []));
}

function episode(
  run: number | undefined,
  changes: readonly ChangeDescription[],
  writes: readonly ToldWrite[],
): Episode {
  const times = [...changes, ...writes].map(({ at }) => at);
  return { run, changes, forgotten: 0, writes, from: Math.min(...times), to: Math.max(...times) };
}

function countOf({ id }: LoggedEntry): number {
  return Number(id.split('-')[1] ?? 0);
}
