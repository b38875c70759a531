import {
  CallError,
  FIELD_MANAGER,
  KINDS,
  type KubeObject,
  type KubeReader,
  type KubeWriter,
  type JsonObject,
  type ObjectRef,
  type SeenObject,
  type WriteResult,
} from '@meshkeeper/domain';
import { orUndefined } from './or-undefined.ts';
import { collectionPath, objectPath } from './paths.ts';
import type { KubeTransport } from './transport.ts';

/** Reads and writes of single objects, each write with the resourceVersion that was seen. */
export function createWriter(transport: KubeTransport): KubeReader & KubeWriter {
  return {
    async read(ref: ObjectRef): Promise<KubeObject | undefined> {
      return orUndefined(transport.call<KubeObject>({ method: 'GET', path: objectPath(ref) }));
    },
    create(ref: ObjectRef, object: KubeObject, signal: AbortSignal): Promise<WriteResult> {
      const path = collectionPath(KINDS[ref.kind], ref.namespace);
      return transport.call({ method: 'POST', path, query: { fieldManager: FIELD_MANAGER }, body: object, signal });
    },
    async apply(ref: ObjectRef, object: KubeObject, seen: SeenObject, signal: AbortSignal): Promise<WriteResult> {
      const { adopt: entry } = seen;
      const resourceVersion =
        entry === undefined ? seen.resourceVersion : await adopt(transport, ref, { ...seen, adopt: entry }, signal);
      return transport.call({
        method: 'PATCH',
        path: objectPath(ref),
        query: { fieldManager: FIELD_MANAGER, force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: { ...object, metadata: { ...object.metadata, resourceVersion } },
        signal,
      });
    },
    patchStatus(
      ref: ObjectRef,
      status: JsonObject,
      resourceVersion: string,
      signal: AbortSignal,
    ): Promise<WriteResult> {
      return transport.call({
        method: 'PATCH',
        path: `${objectPath(ref)}/status`,
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, status },
        signal,
      });
    },
    async delete(ref: ObjectRef, uid: string, resourceVersion: string, signal: AbortSignal): Promise<WriteResult> {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        propagationPolicy: 'Background',
      };
      await orUndefined(transport.call({ method: 'DELETE', path: objectPath(ref), body, signal }));
      return undefined;
    },
  };
}

/**
 * Makes the entry of our creation, or of the original controller, one of our apply, so that what is no longer wanted is really taken
 * away. Returns the new resourceVersion. As client-go's csaupgrade does; the tests of the entry make a stale position fail instead of
 * hitting another's.
 */
async function adopt(
  transport: KubeTransport,
  ref: ObjectRef,
  { resourceVersion, adopt: found }: SeenObject & { readonly adopt: NonNullable<SeenObject['adopt']> },
  signal: AbortSignal,
): Promise<string> {
  const entry = `/metadata/managedFields/${found.position}`;
  const patched = transport.call<KubeObject>({
    method: 'PATCH',
    path: objectPath(ref),
    query: { fieldManager: FIELD_MANAGER },
    contentType: 'application/json-patch+json',
    body: [
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'test', path: `${entry}/manager`, value: found.manager },
      { op: 'test', path: `${entry}/operation`, value: 'Update' },
      { op: 'replace', path: `${entry}/manager`, value: FIELD_MANAGER },
      { op: 'replace', path: `${entry}/operation`, value: 'Apply' },
    ],
    signal,
  });
  const adopted = await patched.catch((error: unknown) => {
    // A test that fails means that the object is not as it was seen.
    if (error instanceof CallError && error.code === 'Invalid')
      throw new CallError('Conflict', error.message, { cause: error, code: 'Invalid' });
    throw error;
  });
  return adopted.metadata.resourceVersion ?? resourceVersion;
}
