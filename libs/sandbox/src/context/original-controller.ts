import { getOrUndefined, type KubeClient } from '../kube/kube-client.ts';

type Pod = {
  readonly metadata: {
    readonly name: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status: { readonly phase?: string };
};
type Lease = {
  readonly spec: {
    readonly holderIdentity?: string | null;
    readonly renewTime?: string | null;
    readonly leaseDurationSeconds?: number | null;
  };
};

const LEASE = 'modelmesh-controller-leader-lock';

/**
 * Two controllers over the same objects would undo each other's writes without end.
 * @returns one sentence when the original controller runs in this namespace; undefined when it does not.
 */
export async function originalController(
  client: KubeClient,
  namespace: string,
  now: Date,
): Promise<string | undefined> {
  const pods = await client.call<{ readonly items: readonly Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`);
  const pod = pods.items.find(isOriginal);
  if (pod !== undefined) {
    return `The original controller runs there (pod ${namespace}/${pod.metadata.name}), and two controllers would undo each other's writes: scale its Deployment to 0 first.`;
  }
  const lease = await getOrUndefined<Lease>(
    client,
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LEASE}`,
  );
  if (lease === undefined || !isFresh(lease, now)) return undefined;
  return `The original controller runs there (lease ${namespace}/${LEASE}, held by ${lease.spec.holderIdentity ?? 'somebody'}), and two controllers would undo each other's writes: scale its Deployment to 0 first.`;
}

function isOriginal(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || pod.status.phase !== 'Running') return false;
  const names = [pod.metadata.name, ...pod.spec.containers.map((container) => container.image.split('/').at(-1) ?? '')];
  return (
    pod.metadata.labels?.['control-plane'] === 'modelmesh-controller' ||
    names.some((name) => name.startsWith('modelmesh-controller'))
  );
}

function isFresh(lease: Lease, now: Date): boolean {
  const { renewTime, leaseDurationSeconds, holderIdentity } = lease.spec;
  if (typeof renewTime !== 'string' || !holderIdentity) return false;
  return Date.parse(renewTime) + (leaseDurationSeconds ?? 15) * 1_000 > now.getTime();
}
