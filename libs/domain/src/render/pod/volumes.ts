import { formatBinary, wholeBytes } from '../../objects/quantity.ts';
import { asObject, type JsonObject } from '../../objects/reduce.ts';
import { VOLUMES } from '../../config/base-values.ts';
import { socketDirectory } from '../../validation/endpoint.ts';
import type { RuntimeContainer } from '../runtime-spec.ts';
import type { PodInput } from './pod-input.ts';

/** A pod's volumes, in the original's order. */
export function volumes(input: PodInput): JsonObject[] {
  const { config, spec, claims, tls, etcdSecretName } = input;
  const socket = socketDirectory([spec.grpcDataEndpoint, spec.grpcEndpoint]);
  return [
    ...spec.volumes,
    { name: VOLUMES.models, emptyDir: { sizeLimit: modelsSizeLimit(spec.containers) } },
    ...(socket === undefined ? [] : [{ name: VOLUMES.socket, emptyDir: {} }]),
    ...(spec.usesPuller || spec.builtInAdapter ? [storageConfig(input)] : []),
    ...claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: claim, readOnly: true } })),
    { name: VOLUMES.meshConfig, configMap: { name: VOLUMES.meshConfig } },
    { name: VOLUMES.etcd, secret: { secretName: etcdSecretName } },
    ...(tls === undefined ? [] : [{ name: VOLUMES.tls, secret: { secretName: config.tls.secretName } }]),
  ];
}

/** From revision 1 on, a namespace without that Secret can start pods: models in public storage need no credentials. */
function storageConfig({ config, revision }: PodInput): JsonObject {
  const secret = { secretName: config.storageSecretName };
  return { name: VOLUMES.storageConfig, secret: revision === 0 ? secret : { ...secret, optional: true } };
}

/** One and a half times the servers' memory, since that bounds what they can hold. */
export function modelsSizeLimit(containers: readonly RuntimeContainer[]): string {
  const limits = runtimeMemoryLimits(containers);
  const sum = limits.reduce((total, bytes) => total + bytes, 0n);
  return formatBinary((sum * 3n) / 2n);
}

function runtimeMemoryLimits(containers: readonly RuntimeContainer[]): readonly bigint[] {
  return containers.flatMap((container) => {
    const memory = asObject(asObject(container['resources'])['limits'])['memory'];
    const bytes = typeof memory === 'string' || typeof memory === 'number' ? wholeBytes(memory) : undefined;
    return bytes === undefined ? [] : [bytes];
  });
}
