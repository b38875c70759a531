import type { MeshConfig } from '../config.ts';
import type { Json, JsonObject } from '../reduce.ts';
import { parseEndpoint } from './endpoint.ts';

const CONFIG_DIR = '/etc/watson/mmesh/config';
const ETCD_DIR = '/opt/kserve/mmesh/etcd';
export const DROP_ALL: JsonObject = { capabilities: { drop: ['ALL'] } };
/** Server containers outlive the mesh, which first hands its models over. */
export const WAIT_FOR_MESH: JsonObject = { preStop: { httpGet: { path: '/prestop', port: 8090 } } };

export type MeshContainerInput = {
  readonly config: MeshConfig;
  readonly labels: readonly string[];
  readonly managementEndpoint: string;
  readonly dataEndpoint: string | undefined;
};

/** The `mm` container (rendering.md §1.3). Its environment is all that the mesh's process knows of the world. */
export function renderMeshContainer(input: MeshContainerInput): JsonObject {
  const { config } = input;
  const { metrics } = config;
  return {
    name: 'mm',
    image: imageOf(config.modelMeshImage),
    ports: [
      { containerPort: config.inferenceServicePort, name: 'grpc', protocol: 'TCP' },
      ...(metrics.enabled ? [{ containerPort: metrics.port, name: 'prometheus', protocol: 'TCP' }] : []),
    ],
    env: meshEnvironment(input),
    resources: config.modelMeshResources,
    readinessProbe: {
      httpGet: { path: '/ready', port: 8089 },
      initialDelaySeconds: 5,
      periodSeconds: 5,
      timeoutSeconds: 1,
    },
    livenessProbe: {
      httpGet: { path: '/live', port: 8089 },
      initialDelaySeconds: 90,
      periodSeconds: 30,
      timeoutSeconds: 5,
      failureThreshold: 2,
    },
    lifecycle: { preStop: { exec: { command: ['/opt/kserve/mmesh/stop.sh', 'wait'] } } },
    securityContext: DROP_ALL,
    volumeMounts: [
      ...socketMount(input),
      { name: 'tc-config', mountPath: CONFIG_DIR },
      { name: 'etcd-config', mountPath: ETCD_DIR, readOnly: true },
    ],
  };
}

function meshEnvironment({ config, labels, managementEndpoint, dataEndpoint }: MeshContainerInput): readonly Json[] {
  const { metrics } = config;
  const variable = (name: string, value: string): Json => ({ name, value });
  const field = (name: string, fieldPath: string): Json => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return [
    variable('MM_SERVICE_NAME', config.inferenceServiceName),
    variable('MM_SVC_GRPC_PORT', String(config.inferenceServicePort)),
    field('WKUBE_POD_NAME', 'metadata.name'),
    field('WKUBE_POD_IPADDR', 'status.podIP'),
    field('MM_LOCATION', 'status.hostIP'),
    variable('KV_STORE', `etcd:${ETCD_DIR}/etcd_connection`),
    variable('MM_METRICS', metrics.enabled ? `prometheus:port=${metrics.port};scheme=${metrics.scheme}` : 'disabled'),
    variable('SHUTDOWN_TIMEOUT_MS', '90000'),
    ...(dataEndpoint === undefined ? [] : [endpointVariable('INTERNAL_SERVING_GRPC', dataEndpoint)]),
    endpointVariable('INTERNAL_GRPC', managementEndpoint),
    ...(config.grpcMaxMessageSizeBytes > 0
      ? [variable('MM_SVC_GRPC_MAX_MSG_SIZE', String(config.grpcMaxMessageSizeBytes))]
      : []),
    variable('MM_KVSTORE_PREFIX', 'mm'),
    variable('MM_DEFAULT_VMODEL_OWNER', 'ksp'),
    variable('MM_LABELS', labels.join(',')),
    variable('MM_TYPE_CONSTRAINTS_PATH', `${CONFIG_DIR}/type_constraints`),
    variable('MM_DATAPLANE_CONFIG_PATH', `${CONFIG_DIR}/dataplane_api_config`),
  ];
}

function endpointVariable(prefix: string, text: string): Json {
  const endpoint = parseEndpoint(text);
  return endpoint.kind === 'port'
    ? { name: `${prefix}_PORT`, value: endpoint.port }
    : { name: `${prefix}_SOCKET_PATH`, value: endpoint.path };
}

export function socketDirectory(endpoints: readonly (string | undefined)[]): string | undefined {
  for (const text of endpoints) {
    const endpoint = text === undefined ? undefined : parseEndpoint(text);
    if (endpoint?.kind === 'unix') return endpoint.directory;
  }
  return undefined;
}

function socketMount({ managementEndpoint, dataEndpoint }: MeshContainerInput): readonly Json[] {
  const directory = socketDirectory([dataEndpoint, managementEndpoint]);
  return directory === undefined ? [] : [{ name: 'domain-socket', mountPath: directory }];
}

/** A digest says exactly which image; a tag may move. */
export function imageOf({ name, tag, digest }: MeshConfig['modelMeshImage']): string {
  if (digest !== '') return `${name}@${digest}`;
  return tag === '' ? name : `${name}:${tag}`;
}
