import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import type { ControlPlaneBinaries } from '../binaries/paths.ts';
import { clusterFiles, type ClusterFiles } from '../certificates/cluster-files.ts';
import { controllerManagerOf } from '../control-plane/control-plane.ts';
import { startControllerManager } from '../control-plane/controller-manager.ts';
import { auditLogFile, startKubeApi } from '../control-plane/kube-apiserver.ts';
import { writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { startEtcd } from '../etcd.ts';
import { freePort } from '../free-port.ts';
import { openCluster } from '../kube/open-cluster.ts';
import { startRedis } from '../redis.ts';
import { supervise, type SupervisedProcess } from '../supervised.ts';
import { NAMESPACE } from './cluster-objects.ts';
import type { Step } from './options.ts';
import type { Parts } from './parts.ts';
import type { SandboxPorts } from './ports.ts';
import type { StatePaths } from './state-folder.ts';

export type ClusterInput = {
  readonly paths: StatePaths;
  readonly ports: SandboxPorts;
  readonly binaries: ControlPlaneBinaries;
  readonly parts: Parts;
  readonly step: Step;
  readonly log: (line: string) => void;
};

export type Kubernetes = {
  readonly url: string;
  readonly files: ClusterFiles;
  readonly auditLog: string;
  readonly admin: KubeTransport;
  readonly node: KubeTransport;
  readonly processes: readonly SupervisedProcess[];
};

/** Starts Kubernetes' own etcd and the API server, each kept alive. The controller manager comes later, by itself. */
export async function startKubernetes(input: ClusterInput): Promise<Kubernetes> {
  const { paths, ports, binaries, parts, log } = input;
  const folder = paths.kubernetes;
  mkdirSync(folder, { recursive: true });
  const files = clusterFiles(join(folder, 'certificates'));
  const url = `https://127.0.0.1:${ports.api}`;
  writeKubeconfig(paths.kubeconfig, {
    url,
    caFile: files.caFile,
    user: { kind: 'certificate', files: files.admin },
    namespace: NAMESPACE,
  });
  const etcdPort = await freePort();
  const etcd = await parts.keep('the etcds', () => keptEtcd('kubernetes-etcd', folder, etcdPort, input));
  const server = {
    binary: binaries.kubeApiserver,
    folder,
    files,
    port: ports.api,
    etcdEndpoint: `http://127.0.0.1:${etcdPort}`,
    audit: true,
  };
  const api = await parts.keep('Kubernetes and Redis', () =>
    supervise({
      name: 'kube-apiserver',
      url,
      logFile: join(folder, 'kube-apiserver.log'),
      start: () => startKubeApi({ ...server, recordFolder: paths.records }),
      log,
    }),
  );
  const admin = openCluster(url, files, files.admin);
  const node = openCluster(url, files, files.node);
  await parts.keep('locks', () => ({ stop: async () => void (await Promise.all([admin.stop(), node.stop()])) }));
  return { url, files, auditLog: auditLogFile(folder), admin, node, processes: [etcd, api] };
}

export async function startManager(input: ClusterInput, kubernetes: Kubernetes): Promise<SupervisedProcess> {
  const { paths, binaries, parts, log } = input;
  const binary = controllerManagerOf(binaries);
  const options = {
    binary,
    folder: paths.kubernetes,
    files: kubernetes.files,
    kubeconfig: paths.kubeconfig,
    recordFolder: paths.records,
  };
  const logFile = join(paths.kubernetes, 'kube-controller-manager.log');
  return parts.keep('Kubernetes and Redis', () =>
    supervise({ name: 'kube-controller-manager', logFile, start: () => startControllerManager(options), log }),
  );
}

export function startMeshEtcd(input: ClusterInput): Promise<SupervisedProcess> {
  return input.parts.keep('the etcds', () => keptEtcd('mesh-etcd', input.paths.mesh, input.ports.meshEtcd, input));
}

export async function startKeptRedis(
  input: ClusterInput,
  newRedis: (url: string) => Promise<void>,
): Promise<SupervisedProcess> {
  const { paths, ports, parts, log } = input;
  const url = `redis://127.0.0.1:${ports.redis}`;
  const isNew = !existsSync(join(paths.redis, 'appendonlydir'));
  const options = { folder: paths.redis, port: ports.redis, recordFolder: paths.records };
  const redis = await parts.keep('Kubernetes and Redis', () =>
    supervise({
      name: 'redis',
      url,
      logFile: join(paths.redis, 'redis.log'),
      start: () => startRedis(options),
      log,
    }),
  );
  if (isNew) await newRedis(url);
  return redis;
}

function keptEtcd(name: string, folder: string, port: number, input: ClusterInput): Promise<SupervisedProcess> {
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'etcd.log');
  const options = { folder, port, logFile, name, recordFolder: input.paths.records };
  return supervise({ name, url: `http://127.0.0.1:${port}`, logFile, start: () => startEtcd(options), log: input.log });
}
