import type { JsonObject } from '../../objects/reduce.ts';
import { DROP_ALL, PATHS, VOLUMES, WAIT_FOR_MESH } from '../../config/base-values.ts';
import { claimMounts, mount, socketMounts, withEntries, type PodInput } from './pod-input.ts';
import type { RuntimeContainer } from '../runtime-spec.ts';

/** The model server's containers: the runtime's own words, with the mounts and the stop hook that every server gets. */
export function runtimeContainers(input: PodInput): JsonObject[] {
  return withEntries(
    [],
    input.spec.containers.map((container) => serverContainer(input, container)),
  );
}

/** Each container gets mounts of its own: shared ones once showed the storage credentials to a model server. */
function serverContainer(input: PodInput, container: RuntimeContainer): JsonObject {
  const { spec } = input;
  const own = container as unknown as JsonObject;
  return {
    ...own,
    securityContext: own['securityContext'] ?? DROP_ALL,
    lifecycle: WAIT_FOR_MESH,
    volumeMounts: [
      mount(VOLUMES.models, PATHS.models),
      ...claimMounts(input),
      ...container.volumeMounts,
      ...socketMounts(spec.grpcDataEndpoint, spec.grpcEndpoint),
    ],
  };
}
