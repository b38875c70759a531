import type { KindName } from './kinds.ts';

export type ObjectRef = { readonly kind: KindName; readonly namespace: string; readonly name: string };

export type SeenObject = {
  readonly resourceVersion: string;
  /**
   * The entry in `managedFields` that our creation, or the original controller, left: an update's; undefined when there is none or an
   * apply came since. Fields owned by an update are never taken away by an apply, so the entry is first made one of our apply.
   */
  readonly adopt: { readonly position: number; readonly manager: string } | undefined;
};
