import type { ObjectRef, SeenObject } from '../objects/object-ref.ts';
import type { Obstacle } from '../reasons/obstacle.ts';
import type { Memory } from '../snapshot/memory.ts';
import type { SetVModelRequest, VModelRef, VModelStatusInfo } from '../ports/mesh.ts';
import type { CallError } from '../reasons/call-error.ts';
import type { KubeObject } from '../objects/reduce.ts';
import type { Reason } from '../reasons/reasons.ts';

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
      /** The first field that is not as wanted: `spec.replicas`; undefined when only the ownership of fields moves. */
      readonly difference: string | undefined;
      /** The last other writer of the object, as far as the server knows. */
      readonly changedBy: string | undefined;
      readonly reason: Reason;
    }
  | {
      readonly kind: 'delete';
      readonly target: ObjectRef;
      readonly uid: string;
      readonly resourceVersion: string;
      readonly reason: Reason;
    }
  /** Copies the etcd Secret under the namespace's own prefix, where its copy is not that yet. No plan ever sees the bytes. */
  | { readonly kind: 'copySecret'; readonly from: ObjectRef; readonly target: ObjectRef; readonly reason: Reason }
  /** Succeeds only if the object, read live, is absent or wants no model; otherwise a conflict. */
  | { readonly kind: 'requireUnwanted'; readonly target: ObjectRef; readonly reason: Reason }
  | { readonly kind: 'setVModel'; readonly request: SetVModelRequest; readonly reason: Reason }
  | { readonly kind: 'deleteVModel'; readonly ref: VModelRef; readonly reason: Reason }
  | { readonly kind: 'getVModelStatus'; readonly ref: VModelRef };

export type Plan = {
  readonly steps: readonly Step[];
  /** What prevents a decision; the report shows it. */
  readonly obstacle: Obstacle | undefined;
  /** What is not as its author may think, though nothing stands still for it; said once in an Event. */
  readonly warnings: readonly Warning[];
  /** Look again after so many ms, although nothing may have changed. */
  readonly lookAgainMs: number | undefined;
  /** For the next run, once the steps are done. */
  readonly memory: Memory;
};

/** About the key's own object, or about the ConfigMap of the configuration. */
export type Warning = Obstacle & { readonly about?: 'config' };

const NOTHING: Omit<Plan, 'memory'> = { steps: [], obstacle: undefined, warnings: [], lookAgainMs: undefined };

/** A plan, of which only the parts that it has are given. Without a new memory the old one stays. */
export function planOf({ memory }: { readonly memory: Memory }, parts: Partial<Plan> = {}): Plan {
  return { ...NOTHING, memory, ...parts };
}

export type Outcome =
  | {
      readonly kind: 'done';
      readonly step: Step;
      readonly reply: VModelStatusInfo | undefined;
      /** Of a `copySecret`: the revisions that are now equal. */
      readonly copied?: { readonly from: string; readonly to: string };
    }
  | { readonly kind: 'failed'; readonly step: Step; readonly error: CallError };
