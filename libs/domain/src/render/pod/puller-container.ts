import type { JsonObject } from '../../objects/reduce.ts';
import { PATHS, PORTS, VOLUMES } from '../../config/base-values.ts';
import {
  baseValuesOf,
  claimMounts,
  imageOf,
  mount,
  resourcesOf,
  socketMounts,
  variable,
  type PodInput,
} from './pod-input.ts';

/** Fetches models for a server that reads them from disk; none with an adapter, or where the runtime turns it off. */
export function pullerContainer(input: PodInput): JsonObject[] {
  const { config, spec, revision } = input;
  if (!spec.usesPuller) return [];
  const base = baseValuesOf(input);
  return [
    {
      name: 'puller',
      image: imageOf(config.storageHelperImage, base.storageHelperImage, revision),
      command: config.storageHelperImage.command ?? base.storageHelperCommand,
      ports: [{ name: 'grpc', containerPort: PORTS.puller }],
      env: [
        variable('PORT', String(PORTS.puller)),
        variable('MODEL_SERVER_ENDPOINT', spec.grpcEndpoint),
        variable('ROOT_MODEL_DIR', PATHS.models),
        variable('STORAGE_CONFIG_DIR', PATHS.storageConfig),
        variable('PVC_MOUNTS_DIR', PATHS.claims),
      ],
      resources: resourcesOf(config.storageHelperResources, base.storageHelperResources),
      volumeMounts: [
        mount(VOLUMES.models, PATHS.models),
        mount(VOLUMES.storageConfig, PATHS.storageConfig, true),
        ...socketMounts(spec.grpcEndpoint),
        ...claimMounts(input),
      ],
    },
  ];
}
