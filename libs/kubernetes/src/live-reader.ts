import { CallError, type LiveReader } from '@meshkeeper/domain';
import type { KubeTransport } from './transport.ts';

type WithData = { readonly data?: Readonly<Record<string, unknown>> };

/** Looks up single objects that nobody watches. Of a Secret only the names of its keys leave this function. */
export function createLiveReader(transport: KubeTransport): LiveReader {
  const read = async (resource: string, namespace: string, name: string): Promise<WithData | undefined> => {
    try {
      return await transport.call<WithData>({
        method: 'GET',
        path: `/api/v1/namespaces/${namespace}/${resource}/${encodeURIComponent(name)}`,
      });
    } catch (error) {
      if (error instanceof CallError && error.kind === 'Gone') return undefined;
      throw error;
    }
  };
  return {
    async secretKeys(namespace, name) {
      const secret = await read('secrets', namespace, name);
      return secret && Object.keys(secret.data ?? {});
    },
    async hasConfigMap(namespace, name) {
      return (await read('configmaps', namespace, name)) !== undefined;
    },
  };
}
