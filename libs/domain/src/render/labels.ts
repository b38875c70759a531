import { MANAGED_BY } from '../objects/kinds.ts';
import type { OwnerReference } from '../objects/reduce.ts';

/** Labels of every object that we make; those of the original, so that its objects are ours. */
export const MANAGED_LABELS = {
  'app.kubernetes.io/instance': MANAGED_BY,
  'app.kubernetes.io/managed-by': MANAGED_BY,
  'app.kubernetes.io/name': MANAGED_BY,
} as const;

export const SERVICE_LABEL = 'modelmesh-service';

type Owner = Pick<OwnerReference, 'apiVersion' | 'kind' | 'name' | 'uid'>;

/** What the garbage collector goes by: the object goes with its owner. */
export function controllerReference({ apiVersion, kind, name, uid }: Owner): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
