import {
  configOf,
  formatKey,
  gatherRequest,
  KINDS,
  liveQuestions,
  plan,
  toChange,
  toSnapshot,
  withAnswers,
  type LiveAnswers,
  type LiveQuestion,
  type MemoryView,
  type Plan,
  type Revision,
  type Snapshot,
  type SnapshotContext,
  type Step,
  type WorkKey,
} from '@meshkeeper/domain';

/** A key with what its plan saw and said. */
export type Planned = { readonly key: WorkKey; readonly snapshot: Snapshot; readonly plan: Plan };

export type PlanningOptions = {
  readonly view: MemoryView;
  readonly context: SnapshotContext;
  /** Reads live what no watcher records. */
  readonly look: (question: LiveQuestion) => Promise<LiveAnswers>;
  readonly now: number;
  /** Taken in place of what the configuration says. */
  readonly revision?: Revision | undefined;
};

/**
 * The plans of all keys but those of models, as the reconciler would make them with an empty memory. What a plan creates is folded
 * into the view and its key planned once more, since some objects belong to others that have to be there first.
 */
export async function planKeys(options: PlanningOptions): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const key of keysOf(options)) {
    const first = await planKey(key, options);
    const created = first.plan.steps.filter(isCreation);
    for (const { target, object } of created)
      options.view.record(KINDS[target.kind].source, [toChange(target.kind, object, options.context)]);
    const again = created.length === 0 ? [] : (await planKey(key, options)).plan.steps;
    const later = again.filter(isCreation);
    planned.push({ ...first, plan: { ...first.plan, steps: [...first.plan.steps, ...later] } });
  }
  return planned;
}

type Creation = Extract<Step, { readonly kind: 'create' }>;

function isCreation(step: Step): step is Creation {
  return step.kind === 'create';
}

/** By namespace, first what all its runtimes need. In namespace scope no Namespace is seen, and its key is there all the same. */
function keysOf({ view, context }: PlanningOptions): readonly WorkKey[] {
  const order = (key: WorkKey): string => `${key.namespace} ${key.kind} ${key.kind === 'mesh' ? '' : key.name}`;
  const keys = view.keys().filter(({ kind }) => kind !== 'predictor');
  const own: WorkKey = { kind: 'mesh', namespace: context.ownNamespace };
  const isMissing = context.namespaceScope === true && !keys.some((key) => formatKey(key) === formatKey(own));
  return [...keys, ...(isMissing ? [own] : [])].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

async function planKey(key: WorkKey, { view, context, look, now, revision }: PlanningOptions): Promise<Planned> {
  const seen = atRevision(toSnapshot(key, view.gather(gatherRequest(key, context)), context), revision);
  const answers = await Promise.all(liveQuestions(seen).map(look));
  const snapshot = answers.length === 0 ? seen : withAnswers(seen, Object.assign({}, ...answers) as LiveAnswers);
  return { key, snapshot, plan: plan(snapshot, now) };
}

function atRevision(snapshot: Snapshot, renderingRevision: Revision | undefined): Snapshot {
  const config = configOf(snapshot);
  if (config === undefined || renderingRevision === undefined) return snapshot;
  return { ...snapshot, config: { kind: 'ok', config: { ...config, renderingRevision }, warnings: [] } };
}
