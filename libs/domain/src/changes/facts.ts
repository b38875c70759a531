import { z } from 'zod';
import { parseConfig, type ParsedConfig } from '../config/parse-config.ts';
import type { KindName } from '../objects/kinds.ts';
import { asObject, type ReducedObject } from '../objects/reduce.ts';
import { wantedOfInferenceService } from '../registration/inference-service.ts';
import { wantedOfPredictor, type Wanted } from '../registration/predictor.ts';
import { readStorage, type StorageFacts } from '../objects/storage-secret.ts';
import { runtimeLabels, servedFormats, type ServedFormat } from '../objects/runtime-labels.ts';

export const ENABLED_LABEL = 'modelmesh-enabled';
/** On an InferenceService, a Predictor, a runtime or a namespace, with the value `true`: nothing is written for it. */
export const PAUSED_ANNOTATION = 'meshkeeper.dev/paused';

export type NamespaceFacts = { readonly enabled: boolean; readonly paused: boolean };
export type RuntimeFacts = {
  readonly multiModel: boolean;
  readonly disabled: boolean;
  readonly labels: readonly string[];
  /** Why it does not serve a model can only be said with what it serves. */
  readonly formats: readonly ServedFormat[];
  readonly protocols: readonly string[];
  /** Our puller fetches its models, by the entries of the storage Secret. */
  readonly pulls: boolean;
};
/** Whether any pod of the inference Service takes calls. Which pods they are changes more often than anybody needs to wake for. */
export type EndpointFacts = { readonly service: string; readonly ready: boolean };
export type ConfigFacts = ParsedConfig;
/** What a model needs of a runtime, and the PersistentVolumeClaim that it lies on, if it does. */
export type ModelFacts = {
  readonly label: string;
  readonly claim?: string;
  /** The entry of the storage Secret that it names. */
  readonly entry?: string;
  /** The index of Deployments that can hold it, so that one read finds both. */
  readonly pods?: string;
};
/** What a runtime's pods can hold, while any of them takes calls. */
export type DeploymentFacts = { readonly available: boolean; readonly labels: readonly string[] };
/** Deployments whose ready pods can hold models of a type, which is encoded since a user chose it. */
export function podsIndex(namespace: string, encodedType: string): string {
  return `pods:${namespace}:${encodedType}`;
}

export type EtcdSecretFacts = { readonly revision: string };

export type FactsContext = {
  /** The controller's own namespace, which counts as enabled while it carries no label. */
  readonly ownNamespace: string;
};

/** What others' plans need of an object; undefined for kinds that no other plan reads. Pure, and tolerant of any body. */
export function factsOf(kind: KindName, body: ReducedObject, context: FactsContext): unknown {
  switch (kind) {
    case 'namespaces':
      return namespaceFacts(body, context);
    case 'config':
      return parseConfig(asObject(body.data?.['config'])) satisfies ConfigFacts;
    case 'servingRuntimes':
    case 'clusterServingRuntimes':
      return runtimeFacts(body);
    case 'endpointSlices':
      return { service: serviceOf(body), ready: readyAddresses(body).length > 0 } satisfies EndpointFacts;
    case 'inferenceServices':
      return modelFacts(body, wantedOfInferenceService(body));
    case 'predictors':
      return modelFacts(body, wantedOfPredictor(body));
    case 'etcdSecrets':
      return { revision: body.metadata.resourceVersion ?? '' } satisfies EtcdSecretFacts;
    case 'storageSecrets':
      return readStorage(body.data ?? {}) satisfies StorageFacts;
    case 'persistentVolumeClaims':
      return { exists: true };
    case 'deployments':
      return deploymentFacts(body);
    case 'services':
    case 'horizontalPodAutoscalers':
    case 'typeConstraints':
    case 'serviceMonitors':
      return undefined;
  }
}

/** The capacity of its pods is in the environment of the mesh's container, whichever controller rendered it. */
function deploymentFacts({ spec, status }: ReducedObject): DeploymentFacts {
  const { template } = deploymentSchema.parse({ template: spec?.['template'] });
  const mesh = template.spec.containers.find(({ name }) => name === 'mm');
  const labels = mesh?.env.find(({ name }) => name === 'MM_LABELS')?.value ?? '';
  return { available: Number(status?.['readyReplicas'] ?? 0) > 0, labels: labels.split(',').filter(Boolean) };
}

const containerSchema = z.object({
  name: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional().catch(undefined) })).catch([]),
});
const deploymentSchema = z.object({
  template: z.object({ spec: z.object({ containers: z.array(containerSchema) }) }).catch({ spec: { containers: [] } }),
});

/** An object that cannot be turned into a model needs no runtime. */
function modelFacts({ metadata }: ReducedObject, wanted: Wanted): ModelFacts | undefined {
  if (wanted.kind !== 'model') return undefined;
  const { type: label, key } = wanted.registration.modelInfo;
  const { entry, claim } = storageOf(key);
  const pods = podsIndex(metadata.namespace ?? '', encodeURIComponent(label));
  return { label, ...(claim === undefined ? {} : { claim }), ...(entry === undefined ? {} : { entry }), pods };
}

/** What a model's key says of its storage: an entry of the storage Secret, a type, a claim of its own. */
export function storageOf(key: string): {
  readonly entry: string | undefined;
  readonly type: string | undefined;
  readonly claim: string | undefined;
} {
  const { storage_key: entry, storage_params: parameters } = asObject(JSON.parse(key));
  const { type, name } = asObject(parameters);
  return {
    entry: typeof entry === 'string' ? entry : undefined,
    type: typeof type === 'string' ? type : undefined,
    claim: type === 'pvc' && typeof name === 'string' ? name : undefined,
  };
}

export function isPaused({ metadata }: ReducedObject): boolean {
  return metadata.annotations?.[PAUSED_ANNOTATION] === 'true';
}

/** Cluster scope: the label decides where it is present, and only `true` says yes; a Terminating namespace is left alone. */
function namespaceFacts(body: ReducedObject, context: FactsContext): NamespaceFacts {
  const label = body.metadata.labels?.[ENABLED_LABEL];
  const paused = isPaused(body);
  if (label === undefined) return { enabled: body.metadata.name === context.ownNamespace, paused };
  return { enabled: label === 'true' && body.status?.['phase'] !== 'Terminating', paused };
}

function runtimeFacts(body: ReducedObject): RuntimeFacts {
  const spec = body.spec ?? {};
  return {
    multiModel: spec['multiModel'] === true,
    disabled: spec['disabled'] === true,
    labels: runtimeLabels(body.metadata.name, spec, false),
    ...servedFormats(spec),
    pulls: isSet(spec['builtInAdapter']) || asObject(spec['storageHelper'])['disabled'] !== true,
  };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function serviceOf(body: ReducedObject): string {
  return body.metadata.labels?.['kubernetes.io/service-name'] ?? '';
}

const sliceSchema = z.object({
  ports: z.array(z.object({ name: z.string().optional(), port: z.number().optional() })).catch([]),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).catch([]),
        conditions: z.object({ ready: z.boolean().nullish() }).catch({}),
      }),
    )
    .catch([]),
});

/** `host:port` of every ready endpoint of the port named `grpc`. An unset `ready` means ready (EndpointSlice API). */
export function readyAddresses(body: ReducedObject): string[] {
  const slice = sliceSchema.parse({ ports: body.data?.['ports'] ?? [], endpoints: body.data?.['endpoints'] ?? [] });
  const port = slice.ports.find(({ name }) => name === 'grpc')?.port;
  if (port === undefined) return [];
  const ready = slice.endpoints.filter(({ conditions }) => conditions.ready !== false);
  return ready.flatMap(({ addresses }) => addresses.map((address) => `${address}:${port}`)).sort();
}
