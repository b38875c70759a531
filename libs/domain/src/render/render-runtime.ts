import type { MeshConfig } from '../config/mesh-config.ts';
import { compareBytes } from '../registration/go-json.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { runtimeLabels, supports } from '../objects/runtime-labels.ts';
import type { RuntimeSnapshot } from '../snapshot/snapshot.ts';
import { isRevision, NEWEST_REVISION, type Revision } from '../config/base-values.ts';
import { REVISION_ANNOTATION, type DeploymentFrame } from './deployment.ts';
import { controllerReference, MANAGED_LABELS, SERVICE_LABEL } from './labels.ts';
import { podTemplate } from './pod/pod-template.ts';
import { readRuntimeSpec, type RuntimeSpec } from './runtime-spec.ts';

/** What a runtime's Deployment is made of; which revision, and how many pods, is for the plan to say. */
export type RenderedRuntime = {
  readonly kind: 'ok';
  readonly frame: DeploymentFrame;
  readonly spec: RuntimeSpec;
  readonly meshLabels: readonly string[];
  readonly pinned: Revision | undefined;
  readonly templateAt: (revision: Revision) => JsonObject;
};

export type Invalid = { readonly kind: 'invalid'; readonly message: string };

/** A label's value, which the name is too, has room for this many characters. */
const NAME_LIMIT = 63;

/** The name of a runtime's Deployment, which is also the value of its pods' `name` label. */
export function deploymentName(runtime: string, { inferenceServiceName }: MeshConfig): string {
  return `${inferenceServiceName}-${runtime}`;
}

/** A runtime's Deployment, or what keeps it from being rendered, in the user's terms. Pure, and never throws. */
export function renderRuntime(snapshot: RuntimeSnapshot, config: MeshConfig): RenderedRuntime | Invalid {
  const { key, runtime, etcdSecretName, live } = snapshot;
  if (runtime === undefined) return { kind: 'invalid', message: 'The runtime does not exist' };
  const { name: runtimeName, uid = '', annotations = {} } = runtime.body.metadata;
  const name = deploymentName(runtimeName, config);
  if (name.length > NAME_LIMIT)
    return invalid(`the name of its Deployment, ${name}, is longer than ${NAME_LIMIT} characters`);
  const pin = annotations[REVISION_ANNOTATION];
  const pinned = pin === undefined ? config.renderingRevision : Number(pin);
  if (pinned !== undefined && !isRevision(pinned))
    return invalid(`annotation ${REVISION_ANNOTATION}: ${pin} is no rendering revision; give 0 to ${NEWEST_REVISION}`);
  const read = readRuntimeSpec(runtime.body.spec ?? {}, config.builtInServerTypes);
  if (read.kind === 'invalid') return invalid(read.message);
  const { spec } = read;
  const meshLabels = runtimeLabels(runtimeName, runtime.body.spec ?? {}, config.restProxy.enabled);
  const labels = { [SERVICE_LABEL]: config.inferenceServiceName, ...MANAGED_LABELS, name };
  const owner = controllerReference({
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: runtime.kind,
    name: runtimeName,
    uid,
  });
  const tlsKeys = Array.isArray(live.tlsSecret) ? (live.tlsSecret as readonly string[]) : [];
  const input = {
    runtimeName,
    annotations,
    spec,
    config,
    meshLabels,
    claims: claimsFor(snapshot, config, meshLabels),
    tls: config.tls.secretName === '' ? undefined : { hasCa: tlsKeys.includes('ca.crt') },
    etcdSecretName,
  };
  return {
    kind: 'ok',
    frame: { name, namespace: key.namespace, serviceName: config.inferenceServiceName, labels, owner },
    spec,
    meshLabels,
    pinned,
    templateAt: (revision) => podTemplate({ ...input, revision }, labels),
  };
}

function invalid(message: string): Invalid {
  return { kind: 'invalid', message: `Invalid runtime Spec: ${message}` };
}

/** Those of the storage Secret, and with `allowAnyPVC` those that a model of this runtime lies on, if they exist. */
function claimsFor(snapshot: RuntimeSnapshot, { allowAnyPVC }: MeshConfig, meshLabels: readonly string[]): string[] {
  const { storageClaims, existingClaims, models } = snapshot;
  const used = models.flatMap(({ label, claim }) =>
    claim !== undefined && existingClaims.includes(claim) && supports(meshLabels, label) ? [claim] : [],
  );
  return [...new Set([...storageClaims, ...(allowAnyPVC ? used : [])])].sort(compareBytes);
}
