import { FIELD_MANAGER } from '../kinds.ts';
import type { JsonObject, KubeObject } from '../reduce.ts';
import type { Viewed } from '../snapshot.ts';
import { firstDifference } from './difference.ts';
import type { ObjectRef, Step } from './step.ts';

/** The steps that bring one object of ours in line: none when the live one holds all that is wanted of it. */
export function planObject(target: ObjectRef, wanted: KubeObject, live: Viewed | undefined): readonly Step[] {
  if (live === undefined) return [{ kind: 'create', target, object: wanted, reason: 'Created' }];
  if (live.body.metadata.deletionTimestamp !== undefined) return [];
  const { labels, annotations, ownerReferences } = wanted.metadata;
  const wantedParts = {
    metadata: { labels, annotations, ownerReferences },
    spec: wanted['spec'],
  } as unknown as JsonObject;
  const liveParts = { metadata: live.body.metadata, spec: live.body.spec } as unknown as JsonObject;
  if (firstDifference(wantedParts, liveParts) === undefined) return [];
  return [
    {
      kind: 'apply',
      target,
      object: wanted,
      seen: { resourceVersion: live.revision, adopt: entryToAdopt(live) },
      reason: 'Updated',
    },
  ];
}

function entryToAdopt({ body }: Viewed): number | undefined {
  const ours = (operation: string): number =>
    body.managers.findIndex((entry) => entry.manager === FIELD_MANAGER && entry.operation === operation);
  const created = ours('Update');
  return created === -1 || ours('Apply') !== -1 ? undefined : created;
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
