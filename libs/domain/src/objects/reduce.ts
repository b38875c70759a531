import { createHash } from 'node:crypto';
import type { KindName } from './kinds.ts';
import { readStorage } from './storage-secret.ts';

export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};

export type Metadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
};

/** An object as the API server sends it. */
export type KubeObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata & { readonly managedFields?: readonly JsonObject[] };
  readonly [field: string]: unknown;
};

export type Manager = {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
};

/** What is kept of an object: enough for plans and `explain`, never a Secret's data. Spec and status are not yet parsed. */
export type ReducedObject = {
  readonly metadata: Metadata;
  readonly managers: readonly Manager[];
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  /** What stands beside spec and status: an EndpointSlice's ports and endpoints, a ConfigMap's decoded configuration. */
  readonly data?: JsonObject;
};

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MODEL_FIELDS = ['modelFormat', 'runtime', 'protocolVersion', 'storageUri', 'storage'];
/** The old way to write `model`: the format is the name of the field, in this order of precedence. */
export const LEGACY_FRAMEWORKS = [
  'xgboost',
  'lightgbm',
  'sklearn',
  'tensorflow',
  'onnx',
  'pytorch',
  'triton',
  'pmml',
] as const;

/** The one reducer. It never throws: whatever an object holds, what remains is plain JSON. */
export function reduce(kind: KindName, object: KubeObject): ReducedObject {
  const metadata = reduceMetadata(object.metadata);
  const managers = (object.metadata.managedFields ?? []).map(
    (field) => pick(field, ['manager', 'operation', 'subresource', 'time']) as Manager,
  );
  const spec = asObject(object['spec']);
  const status = asObject(object['status']);
  switch (kind) {
    case 'inferenceServices':
      return { metadata, managers, spec: reduceInferenceService(spec), status };
    case 'predictors':
    case 'servingRuntimes':
    case 'clusterServingRuntimes':
      return { metadata, managers, spec, status };
    case 'deployments':
      return {
        metadata,
        managers,
        spec: pick(spec, ['replicas', 'selector', 'strategy', 'template']),
        status: pick(status, ['replicas', 'readyReplicas', 'availableReplicas', 'observedGeneration']),
      };
    case 'services':
      return { metadata, managers, spec: pick(spec, ['selector', 'clusterIP', 'ports', 'type']) };
    case 'namespaces':
      return { metadata, managers, status: pick(status, ['phase']) };
    case 'endpointSlices':
      return { metadata, managers, data: pick(object as JsonObject, ['ports', 'endpoints']) };
    case 'config':
      return { metadata, managers, data: { config: asObject(object['decoded']) } };
    case 'horizontalPodAutoscalers':
    case 'serviceMonitors':
      return { metadata, managers, spec };
    case 'typeConstraints':
      return { metadata, managers, data: hashes(asObject(object['binaryData'])) };
    case 'persistentVolumeClaims':
      return { metadata: withoutAnnotations(metadata), managers };
    case 'etcdSecrets':
      return { metadata: withoutAnnotations(metadata), managers };
    case 'storageSecrets':
      return {
        metadata: withoutAnnotations(metadata),
        managers,
        data: readStorage(asObject(object['decoded'])),
      };
  }
}

/** Whether a ConfigMap holds what is wanted can be seen from a hash; its thousands of lines need not be kept. */
function hashes(data: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(data).map(([name, text]) => [name, hashOf(text)]));
}

/** An annotation of a Secret may hold its data, as that of `kubectl apply` does. */
function withoutAnnotations(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'annotations')) as Metadata;
}

function reduceMetadata(metadata: KubeObject['metadata']): Metadata {
  const kept = pick(metadata, [
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'deletionTimestamp',
    'labels',
    'ownerReferences',
  ]) as unknown as Metadata;
  if (metadata.annotations === undefined) return kept;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations).filter(([name]) => name !== LAST_APPLIED),
  );
  return { ...kept, annotations };
}

/** Container overrides may hold passwords in their environment, and no plan reads them. */
function reduceInferenceService(spec: JsonObject): JsonObject {
  const predictor = asObject(spec['predictor']);
  const kept: Record<string, Json> = {};
  for (const field of ['model', ...LEGACY_FRAMEWORKS]) {
    if (predictor[field] !== undefined && predictor[field] !== null)
      kept[field] = pick(asObject(predictor[field]), MODEL_FIELDS);
  }
  return { predictor: kept };
}

function pick(object: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(
    fields.filter((field) => object[field] !== undefined).map((field) => [field, object[field]]),
  );
}

export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The same for equal values, in whatever order their maps are written. */
export function hashOf(value: Json): string {
  const text = JSON.stringify(sorted(value)) ?? '';
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as JsonObject).map(([name, item]) => [name, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
