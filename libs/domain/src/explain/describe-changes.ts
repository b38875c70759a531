import { z } from 'zod';
import { KINDS, MESH_SOURCE, type Kind } from '../objects/kinds.ts';
import { changedFields, type ChangedField } from './changed-fields.ts';
import { parseJson, readEffect, timeOf, type LoggedEntry } from './logged-entry.ts';

/** A change of an object, as an explanation shows it. */
export type ChangeDescription = {
  readonly id: string;
  /** Epoch ms: when it was recorded. */
  readonly at: number;
  /** `InferenceService team-a/digits`. */
  readonly what: string;
  /** `listed`: all objects of a kind are known from then on, so that absence counts. */
  readonly happened: 'changed' | 'deleted' | 'first seen' | 'listed';
  /** Field managers, or the mesh; empty when unknown. */
  readonly by: readonly string[];
  readonly fields: readonly ChangedField[];
};

/** The entries, oldest first, each with the previous body of its object as far as they reach. */
export function describeChanges(entries: readonly LoggedEntry[]): readonly ChangeDescription[] {
  const bodies = new Map<string, unknown>();
  return entries.flatMap((entry) => {
    const id = `${entry.source} ${entry.object}`;
    const before = bodies.get(id);
    const after = parseJson(entry.body);
    if (entry.kind === 'note') return entry.object === '/' && entry.effect === '' ? [describeList(entry)] : [];
    bodies.set(id, after);
    return [describeChange(entry, before, after)];
  });
}

/** A note about no object says that its source was listed whole. */
function describeList(entry: LoggedEntry): ChangeDescription {
  const what = entry.source === MESH_SOURCE ? 'mesh records' : kindOf(entry.source);
  return { id: entry.id, at: timeOf(entry), what, happened: 'listed', by: [], fields: [] };
}

/** Only of a user's own object are values shown: others' may hold what its reader may not see. */
const SHOWN: readonly string[] = [KINDS.inferenceServices.source, KINDS.predictors.source, MESH_SOURCE];

function describeChange(entry: LoggedEntry, before: unknown, after: unknown): ChangeDescription {
  const happened = entry.kind === 'absent' ? 'deleted' : before === undefined ? 'first seen' : 'changed';
  return {
    id: entry.id,
    at: timeOf(entry),
    what: nameOf(entry),
    happened,
    by: byWhom(entry, before, after),
    fields: happened === 'changed' ? changedFields(before, after, SHOWN.includes(entry.source)) : [],
  };
}

/** `VModel team-a/digits`, since a record's name carries its table. */
function nameOf({ source, object }: LoggedEntry): string {
  const slash = object.indexOf('/');
  const [namespace, name] = [object.slice(0, slash), object.slice(slash + 1)];
  if (source === MESH_SOURCE) {
    const [table, ...id] = name.split('/');
    return `${table === 'vmodels' ? 'VModel' : 'model record'} ${namespace}/${id.join('/')}`;
  }
  return `${kindOf(source)} ${namespace === '' ? name : `${namespace}/${name}`}`;
}

function kindOf(source: string): string {
  const kind: Kind | undefined = Object.values(KINDS).find((each) => each.source === source);
  return kind?.kind ?? source;
}

const managerSchema = z.object({
  manager: z.string().optional(),
  operation: z.string().optional(),
  subresource: z.string().optional(),
  time: z.string().optional(),
});
const bodySchema = z.object({ managers: z.array(managerSchema).catch([]) }).catch({ managers: [] });
type Managers = z.output<typeof bodySchema>['managers'];

function byWhom(entry: LoggedEntry, before: unknown, after: unknown): readonly string[] {
  const effect = readEffect(entry);
  if (effect !== undefined) return [`Meshkeeper, for ${effect.key}`];
  if (entry.source === MESH_SOURCE) return ['the mesh'];
  return managersOf(before, after).map(({ manager = 'unknown', subresource }) =>
    subresource === undefined ? manager : `${manager} (${subresource})`,
  );
}

/** Managers that are new in the managed fields or have another time; with nothing to compare, the last writer. */
function managersOf(before: unknown, after: unknown): Managers {
  const [{ managers: old }, { managers }] = [bodySchema.parse(before), bodySchema.parse(after)];
  const known = new Set(old.map((manager) => JSON.stringify(manager)));
  if (before !== undefined) return managers.filter((manager) => !known.has(JSON.stringify(manager)));
  const last = managers.map(({ time = '' }) => time).reduce((a, b) => (a > b ? a : b), '');
  return managers.filter(({ time = '' }) => time === last);
}
