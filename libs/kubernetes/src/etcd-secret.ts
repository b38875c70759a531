import { CallError } from '@meshkeeper/domain';
import type { KubeTransport } from './transport.ts';

type Secret = { readonly data?: Readonly<Record<string, string>> };

/**
 * The JSON of key `etcd_connection`, read live and kept nowhere.
 * @throws CallError that names the Secret, or the key, which is not there.
 */
export async function readEtcdSecret(transport: KubeTransport, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const secret = await transport.call<Secret>({ method: 'GET', path }).catch((error: unknown) => {
    if (error instanceof CallError && error.kind === 'Gone') {
      throw new CallError('Transient', `Secret ${namespace}/${name} does not exist: it says where the mesh's etcd is`, {
        code: 'EtcdSecretMissing',
      });
    }
    throw error;
  });
  const encoded = secret.data?.['etcd_connection'];
  if (encoded === undefined) {
    throw new CallError('Terminal', `Secret ${namespace}/${name} has no key etcd_connection`, {
      code: 'EtcdSecretInvalid',
    });
  }
  return Buffer.from(encoded, 'base64').toString('utf8');
}
