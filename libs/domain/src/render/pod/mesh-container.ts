import type { JsonObject } from '../../objects/reduce.ts';
import { DROP_ALL, PATHS, PORTS, TERMINATION_GRACE_SECONDS, VOLUMES } from '../../config/base-values.ts';
import {
  baseValuesOf,
  endpointVariable,
  imageOf,
  mount,
  resourcesOf,
  socketMounts,
  tlsEnvironment,
  tlsMounts,
  variable,
  withEntries,
  type PodInput,
} from './pod-input.ts';

/** The `mm` container: one instance of the mesh. Its environment is all that it knows of the world. */
export function meshContainer(input: PodInput): JsonObject {
  const { config, revision } = input;
  const { metrics } = config;
  const base = baseValuesOf(input);
  return {
    name: 'mm',
    image: imageOf(config.modelMeshImage, base.meshImage, revision),
    ports: [
      { name: 'grpc', containerPort: config.inferenceServicePort },
      ...(metrics.enabled ? [{ name: 'prometheus', containerPort: metrics.port }] : []),
    ],
    env: environment(input),
    resources: resourcesOf(config.modelMeshResources, base.meshResources),
    readinessProbe: {
      httpGet: { path: '/ready', port: PORTS.probes },
      initialDelaySeconds: 5,
      periodSeconds: 5,
      timeoutSeconds: 1,
    },
    livenessProbe: {
      httpGet: { path: '/live', port: PORTS.probes },
      initialDelaySeconds: 90,
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 2,
    },
    lifecycle: { preStop: { exec: { command: ['/opt/kserve/mmesh/stop.sh', 'wait'] } } },
    securityContext: DROP_ALL,
    volumeMounts: [
      ...meshSocketMounts(input),
      mount(VOLUMES.meshConfig, PATHS.meshConfig),
      mount(VOLUMES.etcd, PATHS.etcd, true),
      ...tlsMounts(input),
    ],
  };
}

/** Revision 0 looks at the first endpoint that is given, as the original does, and so misses a socket that only the second one names. */
function meshSocketMounts({ spec, revision }: PodInput): JsonObject[] {
  const endpoints = [spec.grpcDataEndpoint, spec.grpcEndpoint];
  const given = endpoints.filter((endpoint) => endpoint !== undefined);
  return socketMounts(...(revision === 0 ? given.slice(0, 1) : given));
}

/** Later values replace earlier ones in their place; the last group is appended whatever stands before, as in the original. */
function environment(input: PodInput): JsonObject[] {
  const { config, meshLabels } = input;
  return [
    ...withEntries(firstVariables(input), [
      ...config.internalModelMeshEnvVars.map(({ name, value }) => variable(name, value)),
      variable('KV_STORE', KV_STORE),
      ...servingVariables(input),
    ]),
    variable('MM_LABELS', meshLabels.join(',')),
    variable('MM_TYPE_CONSTRAINTS_PATH', `${PATHS.meshConfig}/type_constraints`),
    variable('MM_DATAPLANE_CONFIG_PATH', `${PATHS.meshConfig}/dataplane_api_config`),
    ...tlsEnvironment(input),
  ];
}

const KV_STORE = `etcd:${PATHS.etcd}/etcd_connection`;

function firstVariables({ config }: PodInput): JsonObject[] {
  const { metrics } = config;
  const field = (name: string, fieldPath: string): JsonObject => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    variable('MM_SERVICE_NAME', config.inferenceServiceName),
    variable('MM_SVC_GRPC_PORT', String(config.inferenceServicePort)),
    field('WKUBE_POD_NAME', 'metadata.name'),
    field('WKUBE_POD_IPADDR', 'status.podIP'),
    field('MM_LOCATION', 'status.hostIP'),
    variable('KV_STORE', KV_STORE),
    variable('MM_METRICS', metrics.enabled ? `prometheus:port=${metrics.port};scheme=${metrics.scheme}` : 'disabled'),
    variable('SHUTDOWN_TIMEOUT_MS', String(TERMINATION_GRACE_SECONDS * 1_000)),
  ];
}

function servingVariables({ config, spec }: PodInput): JsonObject[] {
  const { enableAccessLogging, grpcMaxMessageSizeBytes, payloadProcessors } = config;
  const management = spec.usesPuller ? `port:${PORTS.puller}` : spec.grpcEndpoint;
  const processors = payloadProcessors.join(' ');
  return [
    ...(spec.grpcDataEndpoint === undefined ? [] : [endpointVariable('INTERNAL_SERVING_GRPC', spec.grpcDataEndpoint)]),
    endpointVariable('INTERNAL_GRPC', management),
    ...(enableAccessLogging ? [variable('MM_LOG_EACH_INVOKE', 'true')] : []),
    ...(grpcMaxMessageSizeBytes > 0 ? [variable('MM_SVC_GRPC_MAX_MSG_SIZE', String(grpcMaxMessageSizeBytes))] : []),
    variable('MM_KVSTORE_PREFIX', 'mm'),
    variable('MM_DEFAULT_VMODEL_OWNER', 'ksp'),
    ...(processors === '' ? [] : [variable('MM_PAYLOAD_PROCESSORS', processors)]),
  ];
}
