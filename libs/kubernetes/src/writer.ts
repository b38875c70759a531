import {
  CallError,
  type KubeObject,
  type KubeReader,
  type KubeWriter,
  type JsonObject,
  type ObjectRef,
  type WriteResult,
} from '@meshkeeper/domain';
import { KINDS } from '@meshkeeper/domain';
import { collectionPath, objectPath } from './paths.ts';
import type { KubeTransport } from './transport.ts';

/** The one field manager of all our applies. */
export const FIELD_MANAGER = 'meshkeeper';

/** Reads and writes of single objects, each write with the resourceVersion that was seen. */
export function createWriter(transport: KubeTransport): KubeReader & KubeWriter {
  return {
    async read(ref: ObjectRef): Promise<KubeObject | undefined> {
      return orUndefined(transport.call<KubeObject>({ method: 'GET', path: objectPath(ref) }));
    },
    create(ref: ObjectRef, object: KubeObject): Promise<WriteResult> {
      const path = collectionPath(KINDS[ref.kind], ref.namespace);
      return transport.call({ method: 'POST', path, query: { fieldManager: FIELD_MANAGER }, body: object });
    },
    apply(ref: ObjectRef, object: KubeObject, resourceVersion: string): Promise<WriteResult> {
      return transport.call({
        method: 'PATCH',
        path: objectPath(ref),
        query: { fieldManager: FIELD_MANAGER, force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: { ...object, metadata: { ...object.metadata, resourceVersion } },
      });
    },
    patchStatus(ref: ObjectRef, status: JsonObject, resourceVersion: string): Promise<WriteResult> {
      return transport.call({
        method: 'PATCH',
        path: `${objectPath(ref)}/status`,
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, status },
      });
    },
    async delete(ref: ObjectRef, uid: string, resourceVersion: string): Promise<WriteResult> {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        propagationPolicy: 'Background',
      };
      await orUndefined(transport.call({ method: 'DELETE', path: objectPath(ref), body }));
      return undefined;
    },
  };
}

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CallError && error.kind === 'Gone') return undefined;
    throw error;
  }
}
