/** What placement knows of one live instance. */
export type Candidate = {
  readonly iid: string;
  readonly labels: readonly string[];
  readonly draining: boolean;
  /** Models it holds or was told to load. */
  readonly models: number;
};

export type Pick =
  | { readonly kind: 'picked'; readonly iid: string }
  /** No live instance may hold this type. */
  | { readonly kind: 'unplaceable' }
  /** Some may, but all of those are excluded. */
  | { readonly kind: 'exhausted' };

/** The eligible instance with the fewest models; of equal ones the lowest id, so that the choice can be repeated. */
export function pickInstance(
  candidates: readonly Candidate[],
  requiredLabels: readonly string[],
  excluded: ReadonlySet<string>,
): Pick {
  const eligible = candidates.filter(
    ({ labels, draining }) => !draining && requiredLabels.every((label) => labels.includes(label)),
  );
  if (eligible.length === 0) return { kind: 'unplaceable' };
  const free = eligible.filter(({ iid }) => !excluded.has(iid));
  const [first, ...others] = free;
  if (first === undefined) return { kind: 'exhausted' };
  return { kind: 'picked', iid: others.reduce(better, first).iid };
}

function better(left: Candidate, right: Candidate): Candidate {
  if (left.models !== right.models) return left.models < right.models ? left : right;
  return left.iid < right.iid ? left : right;
}
