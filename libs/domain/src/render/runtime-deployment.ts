import { z } from 'zod';
import type { MeshConfig } from '../config.ts';
import type { Json, JsonObject, KubeObject } from '../reduce.ts';
import { runtimeLabels } from '../runtime-labels.ts';
import type { RuntimeSnapshot } from '../snapshot.ts';
import { MANAGED_LABELS, SERVICE_LABEL } from './labels.ts';
import { DROP_ALL, renderMeshContainer, socketDirectory, WAIT_FOR_MESH } from './mesh-container.ts';

const runtimeSchema = z.object({
  grpcEndpoint: z.string({ error: 'is required' }).min(1, 'is required'),
  grpcDataEndpoint: z.string().nullish(),
  replicas: z.number().int().nullish(),
  containers: z.array(z.looseObject({ name: z.string(), volumeMounts: z.array(z.unknown()).nullish() })).min(1),
  volumes: z.array(z.unknown()).nullish(),
  builtInAdapter: z.looseObject({ serverType: z.string().nullish() }).nullish(),
});
type RuntimeSpec = z.output<typeof runtimeSchema>;

export type Rendered =
  | { readonly kind: 'object'; readonly object: KubeObject }
  | { readonly kind: 'invalid'; readonly message: string };
type Runtime = NonNullable<RuntimeSnapshot['runtime']>;

/** The name of a runtime's Deployment, which is also the value of its pods' `name` label. */
export function deploymentName(runtime: string, config: MeshConfig): string {
  return `${config.inferenceServiceName}-${runtime}`;
}

/** A runtime's Deployment: the mesh's container beside the model server's (rendering.md §1). Never throws. */
export function renderRuntimeDeployment(namespace: string, runtime: Runtime, config: MeshConfig): Rendered {
  const parsed = runtimeSchema.safeParse(runtime.body.spec ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      kind: 'invalid',
      message: `${runtime.kind} ${runtime.body.metadata.name}: spec.${issue?.path.join('.')} ${issue?.message}`,
    };
  }
  const { name: runtimeName, uid = '' } = runtime.body.metadata;
  const name = deploymentName(runtimeName, config);
  const labels = { [SERVICE_LABEL]: config.inferenceServiceName, ...MANAGED_LABELS, name };
  const owner = {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: runtime.kind,
    name: runtimeName,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const object: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels, ownerReferences: [owner] },
    spec: {
      replicas: parsed.data.replicas ?? config.podsPerRuntime,
      selector: { matchLabels: { [SERVICE_LABEL]: config.inferenceServiceName, name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '75%', maxUnavailable: '15%' } },
      template: renderPod(runtime, parsed.data, config, labels),
    },
  };
  return { kind: 'object', object };
}

function renderPod(
  runtime: Runtime,
  spec: RuntimeSpec,
  config: MeshConfig,
  labels: Readonly<Record<string, string>>,
): JsonObject {
  const { metrics } = config;
  const scraping = {
    'prometheus.io/path': '/metrics',
    'prometheus.io/port': String(metrics.port),
    'prometheus.io/scheme': metrics.scheme,
    'prometheus.io/scrape': 'true',
  };
  const mesh = renderMeshContainer({
    config,
    labels: runtimeLabels(runtime.body.metadata.name, runtime.body.spec ?? {}, config.restProxy.enabled),
    managementEndpoint: spec.grpcEndpoint,
    dataEndpoint: spec.grpcDataEndpoint ?? undefined,
  });
  const socket = socketDirectory([spec.grpcDataEndpoint ?? undefined, spec.grpcEndpoint]);
  return {
    metadata: { labels, ...(metrics.enabled ? { annotations: scraping } : {}) },
    spec: {
      ...(config.serviceAccountName === '' ? {} : { serviceAccountName: config.serviceAccountName }),
      terminationGracePeriodSeconds: 90,
      containers: [...spec.containers.map((container) => renderServer(container, socket)), mesh],
      volumes: renderVolumes(spec, socket),
    },
  };
}

/** A model server's container: the runtime's own words, with the mounts and the stop hook that every server gets. */
function renderServer(container: RuntimeSpec['containers'][number], socket: string | undefined): JsonObject {
  const own = container as unknown as JsonObject;
  const mounts = Array.isArray(own['volumeMounts']) ? (own['volumeMounts'] as readonly Json[]) : [];
  return {
    ...own,
    securityContext: own['securityContext'] ?? DROP_ALL,
    lifecycle: WAIT_FOR_MESH,
    volumeMounts: [
      { name: 'models-dir', mountPath: '/models' },
      ...mounts,
      ...(socket === undefined ? [] : [{ name: 'domain-socket', mountPath: socket }]),
    ],
  };
}

function renderVolumes(spec: RuntimeSpec, socket: string | undefined): readonly Json[] {
  return [
    ...((spec.volumes ?? []) as readonly Json[]),
    { name: 'models-dir', emptyDir: {} },
    ...(socket === undefined ? [] : [{ name: 'domain-socket', emptyDir: {} }]),
    { name: 'tc-config', configMap: { name: 'tc-config', optional: true } },
    { name: 'etcd-config', secret: { secretName: 'model-serving-etcd' } },
  ];
}
