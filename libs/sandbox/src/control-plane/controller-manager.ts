import { join } from 'node:path';
import type { ClusterFiles } from '../certificates/cluster-files.ts';
import { startProcess, type ManagedProcess } from '../managed-process.ts';

export type ControllerManagerOptions = {
  readonly binary: string;
  readonly folder: string;
  readonly files: ClusterFiles;
  readonly kubeconfig: string;
  readonly recordFolder?: string;
};

/**
 * Those that a sandbox needs. Others want a cloud, volumes or real nodes, or would evict pods from the sandbox's node while its process is
 * down; of the workloads only Deployments get pods. The program that is built here has just these (control-plane/cmd).
 */
const CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'deployment-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
  'namespace-controller',
  'persistentvolumeclaim-protection-controller',
  'replicaset-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
];

/** Starts kube-controller-manager; it serves nothing, so it counts as ready once it runs. */
export function startControllerManager(options: ControllerManagerOptions): Promise<ManagedProcess> {
  return startProcess({
    name: 'kube-controller-manager',
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--leader-elect=false',
      `--root-ca-file=${options.files.caFile}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--secure-port=0',
    ],
    logFile: join(options.folder, 'kube-controller-manager.log'),
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    graceMs: 2_000,
  });
}
