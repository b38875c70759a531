import { KINDS, type Kind, type LiveReader } from '@meshkeeper/domain';
import { orUndefined } from './or-undefined.ts';
import { collectionPath } from './paths.ts';
import type { KubeTransport } from './transport.ts';

type Found = { readonly metadata: { readonly uid?: string }; readonly data?: Readonly<Record<string, unknown>> };

/** Reads single objects that are not watched. Of a Secret only the names of its keys leave this function. */
export function createLiveReader(transport: KubeTransport): LiveReader {
  const read = (kind: Kind, namespace: string, name: string): Promise<Found | undefined> => {
    const path = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
    return orUndefined(transport.call<Found>({ method: 'GET', path }));
  };
  return {
    async secretKeys(namespace, name) {
      const secret = await read(KINDS.storageSecrets, namespace, name);
      return secret && Object.keys(secret.data ?? {});
    },
    async hasConfigMap(namespace, name) {
      return (await read(KINDS.config, namespace, name)) !== undefined;
    },
    async deploymentUid(namespace, name) {
      return (await read(KINDS.deployments, namespace, name))?.metadata.uid ?? '';
    },
  };
}
