import type { KindName } from '../objects/kinds.ts';
import type { ObjectRef, SeenObject } from '../objects/object-ref.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { JsonObject, KubeObject } from '../objects/reduce.ts';

/** A live read. Undefined when the object does not exist. Throws CallError. */
export type KubeReader = { read(ref: ObjectRef): Promise<KubeObject | undefined> };

/** The object as the server stored it; undefined for a deletion. */
export type WriteResult = KubeObject | undefined;

/**
 * Writes to the API server. Each write carries the resourceVersion that was seen, so a stale one fails with `Conflict`; none is sent, or sent
 * again after a wait, once `signal` is aborted. All throw CallError. Deleting an object that does not exist succeeds.
 */
export type KubeWriter = {
  create(ref: ObjectRef, object: KubeObject, signal: AbortSignal): Promise<WriteResult>;
  apply(ref: ObjectRef, object: KubeObject, seen: SeenObject, signal: AbortSignal): Promise<WriteResult>;
  /** A merge patch of the status subresource. */
  patchStatus(ref: ObjectRef, status: JsonObject, resourceVersion: string, signal: AbortSignal): Promise<WriteResult>;
  delete(ref: ObjectRef, uid: string, resourceVersion: string, signal: AbortSignal): Promise<WriteResult>;
};

/** Reads objects that are not watched. Throws CallError. */
export type LiveReader = {
  /** Names of a Secret's keys; undefined when there is no such Secret. */
  secretKeys(namespace: string, name: string): Promise<readonly string[] | undefined>;
  hasConfigMap(namespace: string, name: string): Promise<boolean>;
  /** Empty when there is no such Deployment. */
  deploymentUid(namespace: string, name: string): Promise<string>;
};

export type SecretCopier = {
  /**
   * Makes the etcd Secret `target` what the one at `from` is for its namespace, and gives the revisions of both. `object` is what was
   * written, without its data. Throws CallError.
   */
  copy(
    from: ObjectRef,
    target: ObjectRef,
  ): Promise<{
    readonly from: string;
    readonly to: string;
    readonly written: boolean;
    readonly object?: KubeObject;
  }>;
};

export type EventSink = {
  /** Sends one Event about an object (`events.k8s.io/v1`). Throws CallError; an Event is worth no retry. */
  send(
    about: { readonly kind: KindName; readonly object: KubeObject['metadata'] },
    type: 'Normal' | 'Warning',
    reason: Reason,
    message: string,
  ): Promise<void>;
};
