import {
  byRevision,
  flag,
  group,
  imageFields,
  list,
  oneOf,
  port,
  portOrNone,
  refusal,
  resources,
  shown,
  text,
  textLike,
  textMap,
  whole,
} from './fields.ts';
import { NEWEST_REVISION } from './base-values.ts';

/** Set from the pod's own fields; a value beside that is refused by the API server. */
const FROM_THE_POD = ['WKUBE_POD_NAME', 'WKUBE_POD_IPADDR', 'MM_LOCATION'];
const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** The mesh and the REST proxy hold the size of a message in 32 bits. */
const SIZE_LIMIT = 2 ** 31;

const serviceName = textLike(
  'name of a Service',
  (name) => SERVICE_NAME.test(name),
  refusal('the name of a Service', 'up to 63 lower-case letters, digits and dashes, with a letter in front'),
);
const secretName = textLike(
  'name of a Secret',
  (name) => name !== '',
  refusal('the name of a Secret', 'the name of one'),
);
const processor = textLike('endpoint', (endpoint) => !endpoint.includes(' '), {
  error: ({ input }) =>
    typeof input === 'string'
      ? `${shown(input)} has a space in it; endpoint must not contain spaces`
      : refusal('an endpoint', 'a text without spaces').error({ input }),
});
const variableName = textLike('name of a variable', (name) => name !== '' && !FROM_THE_POD.includes(name), {
  error: ({ input }) =>
    FROM_THE_POD.some((name) => name === input)
      ? `${shown(input)} is set from the pod's own fields; give another variable`
      : refusal('the name of a variable', 'the name of one').error({ input }),
});

/**
 * The settings of the ConfigMap: how each is read, what holds without it, and what it does. docs/configuration.md is made of this.
 * Images and resources have no defaults here, because a rendering revision must keep rendering what it always did.
 */
export const meshConfigSchema = group({
  inferenceServiceName: serviceName
    .default('modelmesh-serving')
    .describe("Name of the inference Service, and the first part of each runtime Deployment's name."),
  inferenceServicePort: port().default(8033).describe('Port on which the mesh and its Service take gRPC calls.'),
  modelMeshEndpoint: text()
    .default('')
    .describe(
      'Where the controller calls the mesh, instead of the pods behind the inference Service. For development.',
    ),
  etcdSecretName: text()
    .default('')
    .describe('Deprecated. The Secret with the connection to etcd is named by `ETCD_SECRET_NAME` in the environment.'),
  storageSecretName: secretName
    .default('storage-config')
    .describe('Secret in each namespace with the credentials of model storage, mounted into the serving pods.'),
  allowAnyPVC: flag()
    .default(false)
    .describe('Mounts every existing PersistentVolumeClaim that a model names, not only those of the storage Secret.'),
  tls: group({
    secretName: text()
      .default('')
      .describe(
        "Secret with the mesh's certificate, in the controller's namespace and each serving one. Empty: no TLS.",
      ),
    clientAuth: text()
      .default('')
      .describe('Whether clients show a certificate too: `require`, `optional`, or empty for not at all.'),
  }).prefault({}),
  headlessService: flag()
    .default(true)
    .describe('Makes the inference Service headless, so that clients see every pod. A change replaces the Service.'),
  grpcMaxMessageSizeBytes: whole('a whole number', -SIZE_LIMIT, SIZE_LIMIT - 1)
    .default(16_777_216)
    .describe("Largest gRPC message that the mesh and the REST proxy take. 0 or less: the mesh's own limit."),
  modelMeshImage: group(imageFields('the mesh')).prefault({}),
  modelMeshResources: resources('the mesh'),
  restProxy: group({
    enabled: flag().default(true).describe('Puts a REST proxy into each serving pod.'),
    port: portOrNone().default(8008).describe('Port on which the REST proxy and the Service take HTTP calls.'),
    skipVerify: flag().default(false).describe('Lets the REST proxy accept any certificate of the mesh.'),
    image: group(imageFields('the REST proxy')).prefault({}),
    resources: resources('the REST proxy'),
  }).prefault({}),
  storageHelperImage: group({
    ...imageFields('the storage helper, which is the puller or the adapter'),
    command: byRevision(list(text(), 'list of texts'), 'Command of the puller.'),
  }).prefault({}),
  storageHelperResources: resources('the storage helper'),
  podsPerRuntime: whole('a whole number', 0, 65_535)
    .default(2)
    .describe('Pods of each runtime that names no number of its own.'),
  enableAccessLogging: flag().default(false).describe('Makes the mesh log every call.'),
  builtInServerTypes: list(text(), 'list of texts')
    .default(['triton', 'mlserver', 'ovms', 'torchserve'])
    .describe("Server types that a runtime's built-in adapter may have."),
  payloadProcessors: list(processor, 'list of endpoints')
    .default([])
    .describe('Endpoints to which the mesh hands requests and responses, for logs or analysis.'),
  serviceAccountName: text()
    .default('')
    .describe('ServiceAccount of the serving pods. Empty: the one named `default`.'),
  metrics: group({
    enabled: flag().default(true).describe('Makes the mesh serve metrics for Prometheus, and the pods say where.'),
    port: portOrNone().default(2112).describe('Port of the metrics, on the pods and the Service.'),
    scheme: oneOf('a scheme', ['http', 'https']).default('https').describe('Scheme of the metrics.'),
    disablePrometheusOperatorSupport: flag()
      .default(false)
      .describe('Makes no ServiceMonitor, even where the Prometheus operator is installed.'),
  }).prefault({}),
  scaleToZero: group({
    enabled: flag().default(true).describe('Takes away the pods of a runtime that no model needs.'),
    gracePeriodSeconds: whole('a whole number', 0, 65_535)
      .default(60)
      .describe('Seconds for which a runtime keeps its pods after its last model.'),
  }).prefault({}),
  runtimePodLabels: textMap().default({}).describe("Labels of all serving pods. A runtime's own go before them."),
  runtimePodAnnotations: textMap()
    .default({})
    .describe("Annotations of all serving pods. A runtime's own go before them."),
  imagePullSecrets: list(group({ name: secretName.describe('Name of the Secret.') }), 'list of maps')
    .default([])
    .describe("Secrets with which the serving pods' images are pulled, beside a runtime's own."),
  internalModelMeshEnvVars: list(
    group({
      name: variableName.describe('Name of the variable.'),
      value: text().default('').describe('Its value.'),
    }),
    'list of maps',
  )
    .default([])
    .describe("Variables of the mesh's container. For experiments: they may break the mesh."),
  renderingRevision: whole('a rendering revision', 0, NEWEST_REVISION).optional().prefault(undefined).meta({
    unset: 'not pinned',
    description: 'Pins how pod templates are rendered, so that a new version of the controller restarts no pod.',
  }),
});
