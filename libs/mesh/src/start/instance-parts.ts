import type { EtcdClient } from '@meshkeeper/etcd';
import type { Logger, Stoppable } from '@meshkeeper/process';
import type { ClusterView } from '../records/cluster-view.ts';
import type { MeshMetrics } from '../metrics/metrics.ts';
import type { PayloadProcessor } from '../payloads/payload.ts';
import type { ModelRuntime } from '../runtime/model-runtime.ts';
import type { MeshSettings } from '../settings/settings.ts';
import type { TlsIdentity } from '../presence/tls-identity.ts';

/** What an instance is made of before it is one. */
export type InstanceParts = {
  readonly settings: MeshSettings;
  readonly etcd: EtcdClient;
  readonly view: ClusterView;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  readonly runtime: ModelRuntime;
  readonly payloads: PayloadProcessor | undefined;
  readonly tls: TlsIdentity | undefined;
};

/** Remembers what is to be stopped, the last first. */
export type Keep = <T extends Stoppable>(part: T) => T;
