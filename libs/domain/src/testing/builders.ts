import { DEFAULT_CONFIG, type MeshConfig } from '../config/mesh-config.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';
import type { ModelStatusInfo, VModelStatusInfo } from '../ports/mesh.ts';
import { reduce, type JsonObject, type KubeObject } from '../objects/reduce.ts';
import type { MeshSnapshot, PredictorSnapshot, RuntimeSnapshot, Viewed } from '../snapshot/snapshot.ts';

/** Builders hold what a case does not care about, so that it shows only what matters. */
export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const CONFIG: MeshConfig = {
  ...DEFAULT_CONFIG,
  podsPerRuntime: 1,
  restProxy: { ...DEFAULT_CONFIG.restProxy, enabled: false },
};

const metadata = (name: string, more: object = {}) => ({
  name,
  namespace: 'team-a',
  uid: `uid-of-${name}`,
  resourceVersion: '7',
  generation: 1,
  ...more,
});

export function anInferenceService(path = 'a/b', status?: JsonObject, more: object = {}): KubeObject {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: metadata('digits', { annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' }, ...more }),
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storage: { key: 'k', path } } } },
    ...(status && { status }),
  };
}

export function aRuntime(spec: JsonObject = {}, name = 'mlserver'): KubeObject {
  return {
    metadata: metadata(name),
    spec: {
      multiModel: true,
      grpcEndpoint: 'port:8085',
      supportedModelFormats: [{ name: 'sklearn', version: '1', autoSelect: true }],
      containers: [{ name: 'server', image: 'a/b:1' }],
      ...spec,
    },
  };
}

export function aStorageSecret(entries: StorageFacts['entries']): StorageFacts {
  return { entries, claims: Object.values(entries).flatMap(({ claim }) => (claim === undefined ? [] : [claim])) };
}

export function viewed(kind: Parameters<typeof reduce>[0], object: KubeObject): Viewed {
  return { revision: object.metadata.resourceVersion ?? '7', body: reduce(kind, object) };
}

export function aPredictorSnapshot(more: Partial<PredictorSnapshot> = {}): PredictorSnapshot {
  return {
    key: { kind: 'predictor', namespace: 'team-a', owner: 'isvc', name: 'digits' },
    config: { kind: 'ok', config: CONFIG, warnings: [] },
    namespaceEnabled: true,
    namespacePaused: false,
    object: viewed('inferenceServices', anInferenceService()),
    memory: {},
    objectsComplete: true,
    vmodel: undefined,
    meshComplete: true,
    endpoints: ['10.64.0.3:8033'],
    hasNoReadyRuntime: false,
    podsKnown: true,
    runtimes: undefined,
    storage: { secretName: 'storage-config', secret: aStorageSecret({ k: { type: 's3' } }), claims: [] },
    copies: {},
    ...more,
  };
}

export function aRuntimeSnapshot(more: Partial<RuntimeSnapshot> = {}): RuntimeSnapshot {
  return {
    key: { kind: 'runtime', namespace: 'team-a', name: 'mlserver' },
    config: { kind: 'ok', config: CONFIG, warnings: [] },
    namespaceEnabled: true,
    namespacePaused: false,
    memory: {},
    runtime: { ...viewed('servingRuntimes', aRuntime()), kind: 'ServingRuntime' },
    deployments: [],
    autoscalers: [],
    etcdSecretName: 'model-serving-etcd',
    storageClaims: [],
    existingClaims: [],
    models: [{ label: 'mt:sklearn' }],
    modelsComplete: true,
    complete: true,
    live: {},
    ...more,
  };
}

export function aMeshSnapshot(more: Partial<MeshSnapshot> = {}): MeshSnapshot {
  return {
    key: { kind: 'mesh', namespace: 'team-a' },
    config: { kind: 'ok', config: CONFIG, warnings: [] },
    namespaceEnabled: true,
    namespacePaused: false,
    namespace: viewed('namespaces', { metadata: metadata('team-a') }),
    memory: {},
    ownNamespace: 'modelmesh-serving',
    controllerDeployment: undefined,
    live: {},
    services: [],
    typeConstraints: undefined,
    serviceMonitor: undefined,
    serviceMonitorsComplete: false,
    runtimes: [],
    etcdSecretName: 'model-serving-etcd',
    etcdSource: '5',
    etcdCopy: undefined,
    configMap: undefined,
    complete: true,
    ...more,
  };
}

export function aModelStatus(status: ModelStatusInfo['status'], more: Partial<ModelStatusInfo> = {}): ModelStatusInfo {
  return { status, errors: [], copies: [], ...more };
}

/** A VModel whose active and target model are the same. */
export function aReply(more: Partial<VModelStatusInfo> = {}): VModelStatusInfo {
  return {
    status: 'DEFINED',
    owner: 'isvc',
    activeModelId: 'digits__isvc-1111111111',
    targetModelId: 'digits__isvc-1111111111',
    activeModelStatus: aModelStatus('LOADED'),
    targetModelStatus: undefined,
    ...more,
  };
}

/** As the server would store it: with a revision and additional fields. */
export function stored(object: KubeObject): KubeObject {
  const spec = (object['spec'] ?? {}) as { readonly template?: { readonly spec: object } };
  const template = spec.template && { ...spec.template, spec: { ...spec.template.spec, dnsPolicy: 'ClusterFirst' } };
  return {
    ...object,
    metadata: { ...object.metadata, uid: 'uid-live', resourceVersion: '9' },
    spec: { ...spec, ...(template && { template }), sessionAffinity: 'None' },
  };
}
