import { FIELD_MANAGER, ORIGINAL_MANAGERS } from '../objects/kinds.ts';
import type { Memory } from '../snapshot/memory.ts';
import {
  hashOf,
  reduce,
  type JsonObject,
  type KubeObject,
  type Metadata,
  type ReducedObject,
} from '../objects/reduce.ts';
import type { Viewed } from '../snapshot/snapshot.ts';
import { firstDifference } from '../objects/difference.ts';
import type { Step } from './step.ts';
import type { ObjectRef, SeenObject } from '../objects/object-ref.ts';

export type ObjectPlan = {
  readonly steps: readonly Step[];
  /** What the next run compares its wishes with. */
  readonly wanted: Readonly<Record<string, string>>;
};

/**
 * The steps that bring one object of ours in line: none when the live one holds all that is wanted of it. An object of the original
 * controller is taken over once, so that what is wanted no more can later be taken away.
 */
export function planObject(
  memory: Memory,
  target: ObjectRef,
  object: KubeObject,
  live: Viewed | undefined,
): ObjectPlan {
  const parts = partsOf(reduce(target.kind, object));
  const id = `${target.kind}/${target.name}`;
  const wanted = { [id]: hashOf(parts) };
  if (live === undefined) return { steps: [{ kind: 'create', target, object, reason: 'Created' }], wanted };
  if (live.body.metadata.deletionTimestamp !== undefined) return { steps: [], wanted };
  const difference = firstDifference(parts, partsOf(live.body));
  const adopt = entryToAdopt(live);
  if (difference === undefined && (adopt === undefined || adopt.manager === FIELD_MANAGER))
    return { steps: [], wanted };
  const seen: SeenObject = { resourceVersion: live.revision, adopt };
  const drifted = memory.wanted?.[id] === wanted[id] && difference !== undefined;
  const reason = difference === undefined ? 'Adopted' : drifted ? 'DriftRepaired' : 'Updated';
  return { steps: [{ kind: 'apply', target, object, seen, difference, changedBy: lastOther(live), reason }], wanted };
}

/** What is wanted of an object, and what is compared: never its name, its status or what the server adds. */
function partsOf({ metadata, spec, data }: ReducedObject): JsonObject {
  const { labels, annotations, ownerReferences }: Metadata = metadata;
  return { metadata: { labels, annotations, ownerReferences }, spec, data };
}

function entryToAdopt({ body }: Viewed): SeenObject['adopt'] {
  const { managers } = body;
  if (managers.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply')) return undefined;
  const position = managers.findIndex(
    ({ manager = '', operation, subresource }) =>
      operation === 'Update' && subresource === undefined && [FIELD_MANAGER, ...ORIGINAL_MANAGERS].includes(manager),
  );
  return position === -1 ? undefined : { position, manager: managers[position]?.manager ?? '' };
}

function lastOther({ body }: Viewed): string | undefined {
  const others = body.managers.filter(
    ({ manager, subresource }) => manager !== FIELD_MANAGER && subresource === undefined,
  );
  // Times are whole seconds: of writers in one second the first counts, in the order of the API server.
  const [first] = others;
  return others.reduce((last, other) => ((other.time ?? '') > (last?.time ?? '') ? other : last), first)?.manager;
}

/** Removal of an object of ours, exactly the one that was seen. */
export function planDeletion(target: ObjectRef, live: Viewed): Step {
  return {
    kind: 'delete',
    target,
    uid: live.body.metadata.uid ?? '',
    resourceVersion: live.revision,
    reason: 'Deleted',
  };
}

/** The removals of all that is not going already. */
export function planDeletions(kind: ObjectRef['kind'], unwanted: readonly Viewed[]): readonly Step[] {
  return unwanted
    .filter(({ body }) => body.metadata.deletionTimestamp === undefined)
    .map((live) =>
      planDeletion({ kind, namespace: live.body.metadata.namespace ?? '', name: live.body.metadata.name }, live),
    );
}
