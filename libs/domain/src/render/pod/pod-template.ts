import { asObject, type Json, type JsonObject } from '../../objects/reduce.ts';
import {
  ARCHITECTURES,
  TERMINATION_GRACE_SECONDS,
  DROP_ALL,
  PATHS,
  VOLUMES,
  WAIT_FOR_MESH,
} from '../../config/base-values.ts';
import { adapterContainer } from './adapter-container.ts';
import { meshContainer } from './mesh-container.ts';
import { pullerContainer } from './puller-container.ts';
import { restProxyContainer } from './rest-proxy-container.ts';
import { volumes } from './volumes.ts';
import { claimMounts, mount, socketMounts, withEntries, type PodInput } from './pod-input.ts';
import type { RuntimeContainer } from '../runtime-spec.ts';

/** A runtime's pod template. `labels` are the Deployment's own. Pure. */
export function podTemplate(input: PodInput, labels: Readonly<Record<string, string>>): JsonObject {
  const { config, spec } = input;
  const pullSecrets = imagePullSecrets(input);
  const annotations = podAnnotations(input);
  return {
    metadata: {
      labels: { ...labels, ...asWritten(config.runtimePodLabels, input), ...spec.labels },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...(config.serviceAccountName === '' ? {} : { serviceAccountName: config.serviceAccountName }),
      ...(Object.keys(spec.nodeSelector).length === 0 ? {} : { nodeSelector: spec.nodeSelector }),
      ...(spec.tolerations.length === 0 ? {} : { tolerations: spec.tolerations }),
      ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
      affinity: affinity(spec.affinity ?? {}),
      terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
      containers: containers(input),
      volumes: volumes(input),
    },
  };
}

/**
 * The mesh changes places with the last of the others, and the puller follows: an odd order, kept because another one would restart
 * every pod.
 */
function containers(input: PodInput): JsonObject[] {
  const [mesh, others] = [
    meshContainer(input),
    [...runtimeContainers(input), ...adapterContainer(input), ...restProxyContainer(input)],
  ];
  const last = others.pop();
  return [...(last === undefined ? [] : [last]), ...others, mesh, ...pullerContainer(input)];
}

function podAnnotations(input: PodInput): Readonly<Record<string, string>> {
  const { config, spec } = input;
  const { enabled, port, scheme } = config.metrics;
  const scraping = {
    'prometheus.io/path': '/metrics',
    'prometheus.io/port': String(port),
    'prometheus.io/scheme': scheme,
    'prometheus.io/scrape': 'true',
  };
  return { ...(enabled ? scraping : {}), ...asWritten(config.runtimePodAnnotations, input), ...spec.annotations };
}

/** The original's reader lower-cased the keys of maps, which revision 0 keeps. */
function asWritten(map: Readonly<Record<string, string>>, { revision }: PodInput): Readonly<Record<string, string>> {
  if (revision > 0) return map;
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name.toLowerCase(), value]));
}

function imagePullSecrets({ config, spec }: PodInput): readonly { readonly name: string }[] {
  const names = [...config.imagePullSecrets, ...spec.imagePullSecrets].map(({ name }) => name);
  return [...new Set(names)].map((name) => ({ name }));
}

/** Terms are alternatives, so the last one loosens the runtime's own; the original does the same, and pods must not move. */
function affinity(own: JsonObject): JsonObject {
  const nodeAffinity = asObject(own['nodeAffinity']);
  const required = asObject(nodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']);
  const terms = Array.isArray(required['nodeSelectorTerms']) ? (required['nodeSelectorTerms'] as readonly Json[]) : [];
  const ours = { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ARCHITECTURES }] };
  return {
    ...own,
    nodeAffinity: {
      ...nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: [...terms, ours] },
    },
  };
}

/** The model server's containers: the runtime's own words, with the mounts and the stop hook that every server gets. */
function runtimeContainers(input: PodInput): JsonObject[] {
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
