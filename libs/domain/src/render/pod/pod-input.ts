import type { ImageConfig, MeshConfig, ResourceConfig } from '../../config/mesh-config.ts';
import type { Json, JsonObject } from '../../objects/reduce.ts';
import { BASE_VALUES, PATHS, VOLUMES, type Image, type Resources, type Revision } from '../../config/base-values.ts';
import { parseEndpoint, socketDirectory } from '../../validation/endpoint.ts';
import type { RuntimeSpec } from '../runtime-spec.ts';

/** All that a pod template is made from. */
export type PodInput = {
  readonly runtimeName: string;
  /** Of the runtime itself, some of which set up the adapter. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: RuntimeSpec;
  readonly config: MeshConfig;
  /** What the pods can serve, as the mesh reads it. */
  readonly meshLabels: readonly string[];
  /** PersistentVolumeClaims to mount: sorted, each once. */
  readonly claims: readonly string[];
  /** Undefined without TLS. `hasCa`: the namespace's TLS Secret holds a `ca.crt`. */
  readonly tls: { readonly hasCa: boolean } | undefined;
  readonly etcdSecretName: string;
  readonly revision: Revision;
};

export function variable(name: string, value: string): JsonObject {
  return { name, value };
}

export function mount(volume: string, mountPath: string, readOnly = false): JsonObject {
  return readOnly ? { name: volume, mountPath, readOnly } : { name: volume, mountPath };
}

/** The claims' own mounts, in every container that reads models. */
export function claimMounts({ claims }: PodInput): JsonObject[] {
  return claims.map((claim) => mount(claim, `${PATHS.claims}/${claim}`, true));
}

/** The socket's directory, where `endpoints` name one. */
export function socketMounts(...endpoints: readonly (string | undefined)[]): JsonObject[] {
  const directory = socketDirectory(endpoints);
  return directory === undefined ? [] : [mount(VOLUMES.socket, directory)];
}

export function tlsMounts({ tls }: PodInput): JsonObject[] {
  return tls === undefined ? [] : [mount(VOLUMES.tls, PATHS.tls, true)];
}

/** How the mesh and the REST proxy find their certificates. */
export function tlsEnvironment({ config, tls }: PodInput): JsonObject[] {
  if (tls === undefined) return [];
  const own = [
    variable('MM_TLS_KEY_CERT_PATH', `${PATHS.tls}/tls.crt`),
    variable('MM_TLS_PRIVATE_KEY_PATH', `${PATHS.tls}/tls.key`),
  ];
  const clientAuth = config.tls.clientAuth.trim();
  if (clientAuth === '') return own;
  const trusted = `${PATHS.tls}/tls.crt${tls.hasCa ? `,${PATHS.tls}/ca.crt` : ''}`;
  return [...own, variable('MM_TLS_CLIENT_AUTH', clientAuth), variable('MM_TLS_TRUST_CERT_PATH', trusted)];
}

/** Replaces entries of the same name in their place, and appends the others. */
export function withEntries(entries: readonly JsonObject[], more: readonly JsonObject[]): JsonObject[] {
  const result = [...entries];
  for (const entry of more) {
    const position = result.findIndex(({ name }) => name === entry['name']);
    if (position === -1) result.push(entry);
    else result[position] = entry;
  }
  return result;
}

/**
 * The image to use. A digest says exactly which; a tag may move. In revision 0 a default digest wins over the user's tag, as in the
 * original; from revision 1 a tag of the user's cancels it.
 */
export function imageOf(given: ImageConfig, base: Image, revision: Revision): string {
  const name = given.name ?? base.name;
  const tag = given.tag ?? base.tag;
  const tagDecides = revision > 0 && given.tag !== undefined;
  const digest = given.digest ?? (tagDecides ? '' : base.digest);
  if (digest !== '') return `${name}@${digest}`;
  return tag === '' ? name : `${name}:${tag}`;
}

export function resourcesOf(given: ResourceConfig, base: Resources): Json {
  return { requests: { ...base.requests, ...given.requests }, limits: { ...base.limits, ...given.limits } };
}

export function baseValuesOf({ revision }: PodInput): (typeof BASE_VALUES)[Revision] {
  return BASE_VALUES[revision];
}

/** `<prefix>_PORT` or `<prefix>_SOCKET_PATH`. */
export function endpointVariable(prefix: string, text: string): JsonObject {
  const endpoint = parseEndpoint(text);
  return endpoint.kind === 'port'
    ? variable(`${prefix}_PORT`, endpoint.port)
    : variable(`${prefix}_SOCKET_PATH`, endpoint.path);
}
