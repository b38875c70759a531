import { CallError } from '@meshkeeper/domain';
import { findForeignController, orUndefined, type KubeTransport } from '@meshkeeper/kubernetes';
import { loopbackAlias } from '@meshkeeper/settings';
import { missingRight } from './missing-right.ts';
import { parseEndpoints, whyUnreachable, type Address } from './reachability.ts';

export type ContextCheck = {
  readonly client: KubeTransport;
  readonly namespace: string;
  readonly etcdSecret: string;
  /** Whether pods are dialled at their loopback alias: true only for a sandbox's cluster. */
  readonly dialAlias: boolean;
};

const MESH_SERVICE = 'modelmesh-serving';

/**
 * Looks whether our processes could work on a cluster, before any of them starts.
 * @throws Error with one sentence: what cannot be reached, which permission or object is missing, or that the original controller runs there.
 */
export async function checkContext(check: ContextCheck): Promise<void> {
  await reachServer(check.client);
  const missing = await missingRight(check.client);
  if (missing !== undefined) throw new Error(`Missing permission: this context's user may not ${missing}.`);
  const original = await findForeignController(check.client, check.namespace, Date.now());
  if (original !== undefined) throw new Error(`${original}.`);
  await reachEtcd(check);
  await reachMesh(check);
}

async function reachServer(client: KubeTransport): Promise<void> {
  try {
    await client.call({ method: 'GET', path: '/version' });
  } catch (error) {
    // An answer, be it a refusal, is enough here: rights are checked where they are used.
    if (error instanceof CallError && !['ApiServerUnreachable', 'Unauthorized'].includes(error.code ?? '')) return;
    throw error;
  }
}

async function reachEtcd({ client, namespace, etcdSecret }: ContextCheck): Promise<void> {
  type Secret = { readonly data?: Readonly<Record<string, string>> };
  const path = `/api/v1/namespaces/${namespace}/secrets/${etcdSecret}`;
  const secret = await orUndefined(client.call<Secret>({ method: 'GET', path }));
  const connection = secret?.data?.['etcd_connection'];
  if (connection === undefined)
    throw new Error(
      `The Secret ${namespace}/${etcdSecret} with key etcd_connection is missing: it says where the mesh's etcd is.`,
    );
  const why = await whyUnreachable(etcdEndpoints(connection, `${namespace}/${etcdSecret}`));
  if (why !== undefined) throw new Error(`The mesh's etcd cannot be reached from here at ${why}.`);
}

/** Never reports the content: the Secret may hold a password. */
function etcdEndpoints(connection: string, name: string): readonly Address[] {
  try {
    const { endpoints } = JSON.parse(Buffer.from(connection, 'base64').toString('utf8')) as {
      readonly endpoints: string;
    };
    return parseEndpoints(endpoints);
  } catch {
    throw new Error(`The Secret ${name} has no readable endpoints in etcd_connection.`);
  }
}

type Slices = {
  readonly items: readonly {
    readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
    readonly endpoints?:
      | readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[]
      | null;
  }[];
};

async function reachMesh({ client, dialAlias }: ContextCheck): Promise<void> {
  const query = { labelSelector: `kubernetes.io/service-name=${MESH_SERVICE}` };
  const slices = await client.call<Slices>({ method: 'GET', path: '/apis/discovery.k8s.io/v1/endpointslices', query });
  const addresses = slices.items.flatMap((slice) => {
    const port = slice.ports?.find((each) => each.name === 'grpc')?.port ?? 8033;
    const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready === true);
    return ready
      .flatMap((endpoint) => endpoint.addresses)
      .map((host) => ({ host: dialAlias ? loopbackAlias(host) : host, port }));
  });
  if (addresses.length === 0) return;
  const why = await whyUnreachable(addresses);
  if (why !== undefined) throw new Error(`The mesh cannot be reached from here at ${why}.`);
}
