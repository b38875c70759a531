import { orUndefined } from './or-undefined.ts';
import type { KubeTransport } from './transport.ts';

type Pods = {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly phase?: string };
  }[];
};
type Lease = { readonly spec?: { readonly renewTime?: string; readonly leaseDurationSeconds?: number } };

const LOCK = 'modelmesh-controller-leader-lock';

/**
 * The original controller, if it runs in `namespace`: one sentence that says how it was recognised, else undefined. Two controllers
 * that write the same objects would undo each other's work.
 * @throws CallError
 */
export async function findForeignController(
  transport: KubeTransport,
  namespace: string,
  now: number,
): Promise<string | undefined> {
  const query = { labelSelector: 'control-plane=modelmesh-controller' };
  const pods = await transport.call<Pods>({ method: 'GET', path: `/api/v1/namespaces/${namespace}/pods`, query });
  const running = pods.items.find(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending');
  if (running !== undefined)
    return `The original controller runs as Pod ${namespace}/${running.metadata.name}: scale it to zero first`;
  const lease = await readLease(transport, namespace);
  const renewed = Date.parse(lease?.spec?.renewTime ?? '');
  const lasts = (lease?.spec?.leaseDurationSeconds ?? 15) * 1_000;
  if (now - renewed < lasts)
    return `The original controller holds Lease ${namespace}/${LOCK}: scale it to zero and wait ${lasts / 1_000} s`;
  return undefined;
}

async function readLease(transport: KubeTransport, namespace: string): Promise<Lease | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LOCK}`;
  return orUndefined(transport.call<Lease>({ method: 'GET', path }));
}
