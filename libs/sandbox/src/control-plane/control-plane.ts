import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneBinaries } from '../binaries/control-plane-binaries.ts';
import type { ControlPlaneBinaries } from '../binaries/paths.ts';
import { clusterFiles, type ClusterFiles } from '../certificates/cluster-files.ts';
import { startEtcd, type EtcdServer } from '../etcd.ts';
import { freePort } from '../free-port.ts';
import type { ManagedProcess } from '../managed-process.ts';
import { startControllerManager } from './controller-manager.ts';
import { auditLogFile, startKubeApi } from './kube-apiserver.ts';
import { writeKubeconfig } from './kubeconfig.ts';

export type ControlPlaneOptions = {
  /** Holds certificates, data, logs; started again on the same folder, the same cluster resumes. */
  readonly folder: string;
  /** Found or built when absent. */
  readonly binaries?: ControlPlaneBinaries;
  /** Any free ones when absent. */
  readonly ports?: { readonly api?: number; readonly etcd?: number };
  /** Without it no Deployment gets Pods, and start-up is 1 s shorter. True when absent. */
  readonly controllerManager?: boolean;
  /** Logs every write, see `auditLog`. True when absent. */
  readonly audit?: boolean;
  /** Where the processes are recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
};

export type ControlPlane = {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly caFile: string;
  /** An administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** One JSON object (`audit.k8s.io/v1` Event) a line for each write; the file is absent without `audit`. */
  readonly auditLog: string;
  readonly files: ClusterFiles;
  readonly binaries: ControlPlaneBinaries;
  readonly etcd: EtcdServer;
  readonly api: ManagedProcess;
  readonly controllerManager: ManagedProcess | undefined;
  stop(): Promise<void>;
  /** SIGKILL for all parts. */
  kill(): void;
};

/**
 * Starts etcd, kube-apiserver and kube-controller-manager. What had started is stopped again when a later part fails.
 * @throws Error with one sentence or the end of the failing part's log.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const binaries = options.binaries ?? (await controlPlaneBinaries());
  const started: { stop(): Promise<void>; kill(): void }[] = [];
  const record = options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder };
  const keep = <T extends { stop(): Promise<void>; kill(): void }>(part: T): T => (started.push(part), part);
  const stop = async (): Promise<void> => {
    for (const part of started.toReversed()) await part.stop();
  };
  try {
    mkdirSync(options.folder, { recursive: true });
    const files = clusterFiles(join(options.folder, 'certificates'));
    const [etcdPort, port] = [options.ports?.etcd ?? (await freePort()), options.ports?.api ?? (await freePort())];
    const url = `https://127.0.0.1:${port}`;
    const kubeconfig = join(options.folder, 'admin.kubeconfig');
    writeKubeconfig(kubeconfig, { url, caFile: files.caFile, user: { kind: 'certificate', files: files.admin } });
    const etcd = keep(await startEtcd({ folder: options.folder, port: etcdPort, name: "Kubernetes' etcd", ...record }));
    const common = { folder: options.folder, files, ...record };
    const api = keep(
      await startKubeApi({
        ...common,
        binary: binaries.kubeApiserver,
        port,
        etcdEndpoint: etcd.endpoint,
        audit: options.audit ?? true,
      }),
    );
    const wanted = options.controllerManager ?? true;
    const controllerManager = wanted
      ? keep(await startControllerManager({ ...common, binary: controllerManagerOf(binaries), kubeconfig }))
      : undefined;
    const kill = (): void => started.forEach((part) => part.kill());
    return {
      url,
      caFile: files.caFile,
      kubeconfig,
      auditLog: auditLogFile(options.folder),
      files,
      binaries,
      etcd,
      api,
      controllerManager,
      stop,
      kill,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws Error with one sentence when the folder of binaries has none. */
export function controllerManagerOf(binaries: ControlPlaneBinaries): string {
  if (binaries.kubeControllerManager !== undefined) return binaries.kubeControllerManager;
  throw new Error(
    `${binaries.folder} lacks kube-controller-manager; add it, or unset KUBEBUILDER_ASSETS to have everything built.`,
  );
}
