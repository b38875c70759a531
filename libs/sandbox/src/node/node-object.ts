import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { APPLY_PATCH, failedWith, MERGE_PATCH } from '../kube/open-cluster.ts';
import { timestamp } from './container.ts';
import type { Capacity } from './environment.ts';

export type NodeObject = {
  readonly name: string;
  readonly address: string;
  readonly capacity: Capacity;
  /** Where it gives logs, on 127.0.0.1; undefined: nowhere. */
  readonly logPort: number | undefined;
};

const HEARTBEAT_MS = 10_000;

/** Creates the Node, or takes it over from an earlier life, and marks it ready. */
export async function registerNode(client: KubeTransport, node: NodeObject): Promise<void> {
  const path = `/api/v1/nodes/${node.name}`;
  const labels = { 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name, labels } };
  await client.call({ method: 'POST', path: '/api/v1/nodes', body }).catch((error: unknown) => {
    if (!failedWith(error, 'Conflict')) throw error;
  });
  // The server marks every new node as not ready; the controller that takes the mark off again needs a kubelet.
  await client.call({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { spec: { taints: null } } });
  const now = timestamp();
  const condition = { type: 'Ready', status: 'True', reason: 'SandboxReady', message: 'the sandbox plays this node' };
  await client.call({
    method: 'PATCH',
    path: `${path}/status`,
    contentType: MERGE_PATCH,
    body: {
      status: {
        capacity: node.capacity,
        allocatable: node.capacity,
        addresses: [
          { type: 'InternalIP', address: node.address },
          { type: 'Hostname', address: node.name },
          { type: 'ExternalIP', address: '127.0.0.1' },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: node.logPort ?? null } },
        conditions: [{ ...condition, lastHeartbeatTime: now, lastTransitionTime: now }],
        nodeInfo: { architecture: process.arch, operatingSystem: 'linux', kubeletVersion: 'v1.36.3' },
      },
    },
  });
}

/** Renews the node's Lease until `signal` aborts, as a kubelet does. */
export async function keepHeartbeat(client: KubeTransport, name: string, signal: AbortSignal): Promise<void> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
  const query = { fieldManager: 'sandbox-node', force: 'true' };
  while (!signal.aborted) {
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: `${new Date().toISOString().slice(0, -1)}000Z`,
    };
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
      spec,
    };
    // A missed beat is no failure: the server may just be starting again.
    await client.call({ method: 'PATCH', path, query, contentType: APPLY_PATCH, body }).catch(() => {});
    await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
  }
}
