import type { Change } from '@meshkeeper/domain';
import { type Arbitrary, array, boolean, constantFrom, record } from 'fast-check';
import { absent, put } from './log-bench.ts';

/** What happened to one object; its revision is its place in the history, from 2 on. */
export type Happening = { readonly name: string; readonly exists: boolean };

const NAMES = ['a', 'b', 'c', 'd'];

export const anyHistory: Arbitrary<readonly Happening[]> = array(
  record({ name: constantFrom(...NAMES), exists: boolean() }),
  { minLength: 1, maxLength: 30 },
);

/** A history as a server has it: a deletion happens only to what exists. */
export class ServerHistory {
  readonly changes: readonly Change[];

  constructor(happenings: readonly Happening[]) {
    const existing = new Set<string>();
    this.changes = happenings
      .filter(({ name, exists }) => {
        const possible = exists || existing.has(name);
        if (exists) existing.add(name);
        else existing.delete(name);
        return possible;
      })
      .map(({ name, exists }, i) => changeOf(name, exists, i + 2));
  }

  get head(): number {
    return this.changes.length + 1;
  }

  between(after: number, upTo: number): readonly Change[] {
    return this.changes.slice(after - 1, upTo - 1);
  }

  /** The objects as they were at a revision. */
  at(revision: number): readonly Change[] {
    const objects = new Map<string, Change>();
    for (const change of this.between(1, revision)) {
      if (change.op === 'put') objects.set(change.name, change);
      else objects.delete(change.name);
    }
    return [...objects.values()];
  }

  /** Object and revision, as the view has to have them in the end. */
  viewAt(revision: number): Readonly<Record<string, string>> {
    const pairs = this.at(revision).map(({ name, revision }) => [name, revision] as const);
    return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function changeOf(name: string, exists: boolean, revision: number): Change {
  if (!exists) return absent(name, revision);
  const facts = JSON.stringify({ odd: revision % 2 });
  const wakes = [`neighbour/${name}`, 'sees/{names}'];
  return put(name, revision, { facts, wakes, indexes: [`objects ${name}`, 'objects any'] });
}
