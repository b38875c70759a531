import type { JsonObject } from '../../objects/reduce.ts';
import { DROP_ALL, PATHS, VOLUMES, WAIT_FOR_MESH } from '../../config/base-values.ts';
import type { BuiltInAdapter } from '../runtime-spec.ts';
import {
  baseValuesOf,
  claimMounts,
  imageOf,
  mount,
  resourcesOf,
  socketMounts,
  variable,
  withEntries,
  type PodInput,
} from './pod-input.ts';

/** The adapter that speaks to one of the known model servers, with the puller inside; none without `builtInAdapter`. */
export function adapterContainer(input: PodInput): JsonObject[] {
  const { config, spec, revision } = input;
  if (!spec.builtInAdapter) return [];
  const base = baseValuesOf(input);
  const { serverType } = spec.builtInAdapter;
  const usesSocket = spec.grpcDataEndpoint !== undefined;
  return [
    {
      name: `${serverType}-adapter`,
      image: imageOf(config.storageHelperImage, base.storageHelperImage, revision),
      command: [`/opt/app/${serverType}-adapter`],
      env: environment(input, spec.builtInAdapter),
      resources: resourcesOf(config.storageHelperResources, base.storageHelperResources),
      securityContext: DROP_ALL,
      lifecycle: WAIT_FOR_MESH,
      volumeMounts: [
        mount(VOLUMES.models, PATHS.models),
        ...claimMounts(input),
        mount(VOLUMES.storageConfig, PATHS.storageConfig, true),
        ...(usesSocket ? socketMounts(spec.grpcDataEndpoint, spec.grpcEndpoint) : []),
      ],
    },
  ];
}

function environment({ annotations, spec }: PodInput, adapter: BuiltInAdapter): JsonObject[] {
  const { serverType, runtimeManagementPort, memBufferBytes, modelLoadingTimeoutMillis } = adapter;
  const server = spec.containers.findLast(({ name }) => name === serverType);
  const fromAnnotation = (name: string, annotation: string): JsonObject[] =>
    annotations[annotation] === undefined ? [] : [variable(name, annotations[annotation])];
  const requestedMemory = { containerName: serverType, resource: 'requests.memory', divisor: '0' };
  return withEntries(
    [
      variable('ADAPTER_PORT', spec.grpcEndpoint.slice('port:'.length)),
      variable('RUNTIME_PORT', String(runtimeManagementPort)),
      variable('RUNTIME_DATA_ENDPOINT', spec.grpcDataEndpoint ?? `port:${runtimeManagementPort}`),
      { name: 'CONTAINER_MEM_REQ_BYTES', valueFrom: { resourceFieldRef: requestedMemory } },
      variable('MEM_BUFFER_BYTES', String(memBufferBytes)),
      variable('LOADTIME_TIMEOUT', String(modelLoadingTimeoutMillis)),
      variable('USE_EMBEDDED_PULLER', 'true'),
      variable('RUNTIME_VERSION', versionOf(server?.image ?? '')),
      ...fromAnnotation('LOADING_CONCURRENCY', 'maxLoadingConcurrency'),
      ...fromAnnotation('LIMIT_PER_MODEL_CONCURRENCY', 'perModelConcurrencyLimit'),
    ],
    adapter.env as unknown as readonly JsonObject[],
  );
}

/** The original takes what follows the first colon, which is the port of a registry that has one. */
function versionOf(image: string): string {
  const colon = image.indexOf(':');
  return colon === -1 ? '' : image.slice(colon + 1);
}
