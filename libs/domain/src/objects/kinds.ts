/** A kind of object that is watched: one source each. The mesh's records are the source `mesh`. */
export type Kind = {
  readonly source: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Only these objects concern us. */
  readonly labelSelector?: string;
  /** A cluster may lack it: then it is unknown, and nothing is concluded from its absence. */
  readonly optional?: boolean;
  /** Watched by name, where one name is all that concerns us, or all that we may see. */
  readonly named?: WatchedName;
  /** Watched in the controller's own namespace only. */
  readonly ownNamespaceOnly?: boolean;
};

/** Which name that is: two are fixed, the names of Secrets are settings. */
export type WatchedName = 'config' | 'typeConstraints' | 'etcdSecret' | 'storageSecret';

export const CONFIG_MAP_NAME = 'model-serving-config';
/** The one field manager of all our writes. */
export const FIELD_MANAGER = 'meshkeeper';
/** Under what names the original controller's fields stand: the name of its program, as Kubernetes takes it from the client. */
export const ORIGINAL_MANAGERS: readonly string[] = ['manager', 'modelmesh-controller'];
export const MANAGED_BY = 'modelmesh-controller';

const SERVING = 'serving.kserve.io';
const managed = `app.kubernetes.io/managed-by=${MANAGED_BY}`;

export const KINDS = {
  namespaces: { source: 'namespaces', apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
  config: {
    source: 'config',
    apiVersion: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    namespaced: true,
    named: 'config',
    ownNamespaceOnly: true,
  },
  inferenceServices: {
    source: 'inferenceservices',
    apiVersion: `${SERVING}/v1beta1`,
    kind: 'InferenceService',
    plural: 'inferenceservices',
    namespaced: true,
    optional: true,
  },
  predictors: {
    source: 'predictors',
    apiVersion: `${SERVING}/v1alpha1`,
    kind: 'Predictor',
    plural: 'predictors',
    namespaced: true,
    optional: true,
  },
  servingRuntimes: {
    source: 'servingruntimes',
    apiVersion: `${SERVING}/v1alpha1`,
    kind: 'ServingRuntime',
    plural: 'servingruntimes',
    namespaced: true,
  },
  clusterServingRuntimes: {
    source: 'clusterservingruntimes',
    apiVersion: `${SERVING}/v1alpha1`,
    kind: 'ClusterServingRuntime',
    plural: 'clusterservingruntimes',
    namespaced: false,
    optional: true,
  },
  deployments: {
    source: 'deployments',
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    plural: 'deployments',
    namespaced: true,
    labelSelector: managed,
  },
  services: {
    source: 'services',
    apiVersion: 'v1',
    kind: 'Service',
    plural: 'services',
    namespaced: true,
    labelSelector: managed,
  },
  endpointSlices: {
    source: 'endpointslices',
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
    labelSelector: 'modelmesh-service',
  },
  horizontalPodAutoscalers: {
    source: 'horizontalpodautoscalers',
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    namespaced: true,
    labelSelector: managed,
  },
  typeConstraints: {
    source: 'typeconstraints',
    apiVersion: 'v1',
    kind: 'ConfigMap',
    plural: 'configmaps',
    namespaced: true,
    named: 'typeConstraints',
  },
  etcdSecrets: {
    source: 'etcdsecrets',
    apiVersion: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    namespaced: true,
    named: 'etcdSecret',
  },
  storageSecrets: {
    source: 'storagesecrets',
    apiVersion: 'v1',
    kind: 'Secret',
    plural: 'secrets',
    namespaced: true,
    named: 'storageSecret',
  },
  persistentVolumeClaims: {
    source: 'persistentvolumeclaims',
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    namespaced: true,
  },
  serviceMonitors: {
    source: 'servicemonitors',
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    plural: 'servicemonitors',
    namespaced: true,
    labelSelector: managed,
    optional: true,
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;

/** The kinds that are watched: in namespace scope none that belongs to the whole cluster. */
export function watchedKinds(namespaceScope: boolean): readonly KindName[] {
  const all = Object.keys(KINDS) as KindName[];
  return all.filter((name) => !namespaceScope || KINDS[name].namespaced);
}

/** The source of VModel and registry records. Their objects are named `vmodels/<id>` and `registry/<id>`. */
export const MESH_SOURCE = 'mesh';

/** Version of the reduced bodies and facts. Raise it with every change of `reduce.ts` or `facts.ts`: everything is then listed again. */
export const FORM = 4;
