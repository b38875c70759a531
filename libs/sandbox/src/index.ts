/**
 * A real cluster on one machine: builds and starts etcd, kube-apiserver, kube-controller-manager and Redis, plays the node
 * that runs Pods as local processes, and puts our own processes on top of it.
 *
 * May be imported by `apps/sandbox` and by the tests of every other library and program. Never by production code.
 *
 * It never listens on anything but 127.0.0.0/8, never asks a question, and never starts anything at import.
 *
 * Failures: every start either gives a running thing or throws an Error whose message can be shown as it is, with nothing
 * left running. Every `stop` may be called twice. A process ends with the Node process that started it, unless that one was
 * killed with SIGKILL; then the next start on the same folder ends it.
 */
export { controlPlaneBinaries, findBinaries } from './binaries/control-plane-binaries.ts';
export type { ControlPlaneBinaries } from './binaries/paths.ts';
export {
  createAuthority,
  createLeaf,
  createSelfSigned,
  type Authority,
  type Certificate,
  type LeafRequest,
} from '@meshkeeper/certificates';
export { clusterFiles, type ClusterFiles } from './certificates/cluster-files.ts';
export { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane/control-plane.ts';
export { ensureRedis } from './ensure-redis.ts';
export { startEtcd, type EtcdOptions, type EtcdServer } from './etcd.ts';
export { freePort, portIsFree, releasePort } from './free-port.ts';
export { acceptsConnections } from './accepts-connections.ts';
export { startGcsEmulator, type GcsEmulator, type GcsEmulatorOptions } from './object-stores/gcs-emulator.ts';
export { startObjectStore, type ObjectStoreOptions, type ObjectStoreServer } from './object-stores/object-store.ts';
export { ensureObjectStores } from './object-stores/object-store-binaries.ts';
export { startProcess, type ManagedProcess, type ProcessSpec } from './managed-process.ts';
export { DEFAULT_PROGRAMS, type LocalProgram } from './node/programs.ts';
export { startNode, type NodeOptions, type PodProcess, type SandboxNode } from './node/node.ts';
export { NAMESPACE, type SampleState } from './sandbox/cluster-objects.ts';
export type { Kubectl } from './sandbox/kubectl.ts';
export type { Progress, SandboxOptions } from './sandbox/options.ts';
export { PREFERRED_PORTS, type SandboxPorts } from './sandbox/ports.ts';
export { startSandbox, type Sandbox } from './sandbox/start-sandbox.ts';
export { createServingAuthority, registerWebhooks, type ServingAuthority } from './sandbox/webhook.ts';
export { readState, statePaths } from './sandbox/state-folder.ts';
export type { SupervisedProcess } from './supervised.ts';
export { stopLeftovers } from './process-record.ts';
export { startRedis, type RedisOptions, type RedisServer } from './redis.ts';
export { waitFor, type WaitOptions } from './wait-for.ts';
export { startOnContext, type OnContext, type OnContextOptions } from './context/start-on-context.ts';
export { ensureMlserver } from './serving/ensure-mlserver.ts';
export { BUCKET } from './serving/model-store.ts';
export type { Prediction } from './serving/prediction.ts';
export type { Serving } from './serving/serving.ts';
