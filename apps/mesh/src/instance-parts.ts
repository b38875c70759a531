import type { EtcdClient } from '@meshkeeper/modelmesh';
import type { Logger, Stoppable } from '@meshkeeper/telemetry';
import type { ClusterView } from './records/cluster-view.ts';
import type { MeshMetrics } from './http/metrics.ts';
import type { PayloadProcessor } from './routing/payloads.ts';
import type { ModelRuntime } from './runtime/model-runtime.ts';
import type { MeshSettings } from './settings.ts';
import type { TlsIdentity } from './presence/tls-identity.ts';

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
