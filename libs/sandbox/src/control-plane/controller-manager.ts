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

/** What would need a cloud or real nodes, or would evict pods from the sandbox's node while its process is down. */
const OFF = ['nodeipam', 'nodelifecycle', 'cloud-node-lifecycle', 'service-lb-controller', 'node-route-controller'];

/** Starts kube-controller-manager; it serves nothing, so it counts as ready once it runs. */
export function startControllerManager(options: ControllerManagerOptions): Promise<ManagedProcess> {
  return startProcess({
    name: 'kube-controller-manager',
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--leader-elect=false',
      `--service-account-private-key-file=${options.files.accountPrivateKey}`,
      `--root-ca-file=${options.files.caFile}`,
      `--controllers=*,${OFF.map((name) => `-${name}`).join(',')}`,
      '--secure-port=0',
    ],
    logFile: join(options.folder, 'kube-controller-manager.log'),
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    graceMs: 2_000,
  });
}
