import type { KindName } from '../kinds.ts';
import type { SetVModelRequest, VModelRef, VModelStatusInfo } from '../ports/mesh.ts';
import type { CallError } from '../call-error.ts';
import type { KubeObject } from '../reduce.ts';
import type { Reason } from '../reasons.ts';

export type ObjectRef = { readonly kind: KindName; readonly namespace: string; readonly name: string };

export type SeenObject = {
  readonly resourceVersion: string;
  /**
   * Position in `managedFields` of the entry that our creation left, an update's; undefined when there is none or an apply came since.
   * Fields owned by an update are never taken away by an apply, so the entry is first made one of an apply.
   */
  readonly adopt: number | undefined;
};

/** One thing to do, as data. Steps go out in order; a failed one skips the rest. */
export type Step =
  /** Creation is a POST: it fails with a conflict when the object exists after all. */
  | { readonly kind: 'create'; readonly target: ObjectRef; readonly object: KubeObject; readonly reason: Reason }
  /** Server-side apply, carrying what the plan saw of the live object. */
  | {
      readonly kind: 'apply';
      readonly target: ObjectRef;
      readonly object: KubeObject;
      readonly seen: SeenObject;
      readonly reason: Reason;
    }
  | {
      readonly kind: 'delete';
      readonly target: ObjectRef;
      readonly uid: string;
      readonly resourceVersion: string;
      readonly reason: Reason;
    }
  /** Goes on only if the object, read live, is absent or wants no model; otherwise a conflict. */
  | { readonly kind: 'requireUnwanted'; readonly target: ObjectRef; readonly reason: Reason }
  | { readonly kind: 'setVModel'; readonly request: SetVModelRequest; readonly reason: Reason }
  | { readonly kind: 'deleteVModel'; readonly ref: VModelRef; readonly reason: Reason }
  | { readonly kind: 'askVModel'; readonly ref: VModelRef };

export type Plan = {
  readonly steps: readonly Step[];
  /** What stands in the way of wanting anything; the report says it. */
  readonly obstacle: Obstacle | undefined;
};

/** Why nothing, or not all, is done now. A change of something else ends it; it needs no retry. */
export type Obstacle = { readonly reason: Reason; readonly message: string };

export const NOTHING_TO_DO: Plan = { steps: [], obstacle: undefined };

export type Outcome =
  | { readonly kind: 'done'; readonly step: Step; readonly reply: VModelStatusInfo | undefined }
  | { readonly kind: 'failed'; readonly step: Step; readonly error: CallError };
