import type { MeshConfig } from '../config/mesh-config.ts';
import type { Copy } from '../objects/model-copies.ts';
import type { ConfigFacts, ModelFacts, RuntimeFacts } from '../changes/facts.ts';
import type { Memory } from './memory.ts';
import type { ReducedObject } from '../objects/reduce.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';
import type { MeshKey, PredictorKey, RuntimeKey } from '../objects/work-key.ts';

/** What every plan sees. A namespace is `undefined` while its source is not complete: unknown, not disabled. */
export type Surroundings = {
  readonly config: ConfigFacts;
  readonly namespaceEnabled: boolean | undefined;
  /** Nothing is written in it for now. */
  readonly namespacePaused: boolean;
  /** What the last run left for this one. */
  readonly memory: Memory;
};

export type Viewed = { readonly revision: string; readonly body: ReducedObject };

export type MeshSnapshot = Surroundings & {
  readonly key: MeshKey;
  readonly ownNamespace: string;
  /** Undefined in namespace scope, where it cannot be seen, and when it is gone. */
  readonly namespace: Viewed | undefined;
  /** In namespace scope: the name of the controller's Deployment, or empty; undefined otherwise. */
  readonly controllerDeployment: string | undefined;
  readonly live: LiveAnswers;
  readonly services: readonly Viewed[];
  readonly typeConstraints: Viewed | undefined;
  readonly serviceMonitor: Viewed | undefined;
  /** Undefined where the kind is not known to the cluster, or not listed yet. */
  readonly serviceMonitorsComplete: boolean;
  /** Every runtime that the namespace sees, by name; its own shadow the cluster's. */
  readonly runtimes: readonly NamedRuntime[];
  readonly etcdSecretName: string;
  /** Revision of the controller's own etcd Secret; undefined when there is none. */
  readonly etcdSource: string | undefined;
  readonly etcdCopy: Viewed | undefined;
  /** The ConfigMap of the configuration, in the controller's own namespace only. */
  readonly configMap: ConfigMapSeen | undefined;
  /** All sources that this plan draws conclusions from, but for ServiceMonitors. */
  readonly complete: boolean;
};

export type ConfigMapSeen = {
  readonly body: ReducedObject;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
};

export type RuntimeSnapshot = Surroundings & {
  readonly key: RuntimeKey;
  /** The ServingRuntime, else the ClusterServingRuntime of that name; undefined when there is neither. */
  readonly runtime: (Viewed & { readonly kind: 'ServingRuntime' | 'ClusterServingRuntime' }) | undefined;
  readonly deployments: readonly Viewed[];
  readonly autoscalers: readonly Viewed[];
  readonly etcdSecretName: string;
  /** Claims that the namespace's storage Secret names, and those that exist. */
  readonly storageClaims: readonly string[];
  readonly existingClaims: readonly string[];
  /** The types of the namespace's models, each with the claim it lies on. */
  readonly models: readonly ModelFacts[];
  /** All models are known, so that a runtime without one may be scaled down. */
  readonly modelsComplete: boolean;
  /** All other sources that this plan draws conclusions from. */
  readonly complete: boolean;
  /** What was read live, because it is not watched. */
  readonly live: LiveAnswers;
};

/** Undefined when not requested. */
export type LiveAnswers = {
  /** Keys of the namespace's TLS Secret; `missing` when there is none. */
  readonly tlsSecret?: readonly string[] | 'missing' | undefined;
  /** Whether the ConfigMap that annotation `productConfig` names exists. */
  readonly productConfig?: boolean | undefined;
  /** Of the controller's Deployment; empty when there is none. */
  readonly controllerUid?: string | undefined;
};

export type VModelRecord = {
  readonly owner: string;
  readonly active: string;
  readonly target: string;
  readonly failed: boolean;
};

export type PredictorSnapshot = Surroundings & {
  readonly key: PredictorKey;
  readonly object: Viewed | undefined;
  readonly objectsComplete: boolean;
  readonly vmodel: VModelRecord | undefined;
  readonly meshComplete: boolean;
  /** `host:port` of the mesh's ready pods. */
  readonly endpoints: readonly string[];
  /** No runtime has a ready pod that could hold the model; false while that is not known. */
  readonly hasNoReadyRuntime: boolean;
  /** Whether it is known which pods are ready. */
  readonly podsKnown: boolean;
  /** Of the namespace and of the cluster. Undefined while they are not all known, and where a ready pod makes them beside the point. */
  readonly runtimes: readonly NamedRuntime[] | undefined;
  /** Undefined while it is not known. */
  readonly storage: StorageSeen | undefined;
  /** By model id: where the mesh's registry says that copies are. */
  readonly copies: Readonly<Record<string, readonly Copy[]>>;
};

export type Snapshot = MeshSnapshot | RuntimeSnapshot | PredictorSnapshot;

export type NamedRuntime = RuntimeFacts & {
  readonly name: string;
  readonly kind: 'ServingRuntime' | 'ClusterServingRuntime';
};

/** What stands around a model, as far as its storage goes. */
export type StorageSeen = {
  readonly secretName: string;
  /** Undefined when there is none. */
  readonly secret: StorageFacts | undefined;
  readonly claims: readonly string[];
};

/** The configuration of a snapshot whose `config` was found good. */
export function configOf(snapshot: Snapshot): MeshConfig | undefined {
  return snapshot.config.kind === 'ok' ? snapshot.config.config : undefined;
}
