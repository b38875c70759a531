import type { JsonObject } from '../objects/reduce.ts';

/**
 * A rendering revision is one way to write a pod template. Revision 0 is that of the original controller, its defects included;
 * later revisions fix those that touch the template (docs/runtimes.md lists them). A rule is never changed within a revision, since that would
 * restart the pods of every cluster that upgrades: a new rule is a new revision.
 */
export type Revision = 0 | 1 | 2;
export const NEWEST_REVISION: Revision = 2;

export function isRevision(value: unknown): value is Revision {
  return value === 0 || value === 1 || value === 2;
}

export type Image = { readonly name: string; readonly tag: string; readonly digest: string };
type Amounts = { readonly cpu: string; readonly memory: string };
export type Resources = { readonly requests: Amounts; readonly limits: Amounts };

/** Every image and amount that the configuration may leave open, by revision. This is the one place that names them. */
export type BaseValues = {
  readonly meshImage: Image;
  readonly meshResources: Resources;
  readonly restProxyImage: Image;
  readonly restProxyResources: Resources;
  readonly storageHelperImage: Image;
  readonly storageHelperCommand: readonly string[];
  readonly storageHelperResources: Resources;
};

const image = (name: string): Image => ({ name, tag: 'latest', digest: '' });

const ORIGINAL: BaseValues = {
  meshImage: image('kserve/modelmesh'),
  meshResources: { requests: { cpu: '300m', memory: '448Mi' }, limits: { cpu: '3', memory: '448Mi' } },
  restProxyImage: image('kserve/rest-proxy'),
  restProxyResources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  storageHelperImage: image('kserve/modelmesh-runtime-adapter'),
  storageHelperCommand: ['/opt/app/puller'],
  storageHelperResources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '2', memory: '512Mi' } },
};

export const BASE_VALUES: Readonly<Record<Revision, BaseValues>> = { 0: ORIGINAL, 1: ORIGINAL, 2: ORIGINAL };

export const PORTS = { mesh: 8033, adapter: 8085, puller: 8086, probes: 8089, preStop: 8090 } as const;

/** Mount paths of the volumes. */
export const PATHS = {
  models: '/models',
  claims: '/pvc_mounts',
  storageConfig: '/storage-config',
  meshConfig: '/etc/watson/mmesh/config',
  etcd: '/opt/kserve/mmesh/etcd',
  tls: '/opt/kserve/mmesh/tls',
} as const;

export const VOLUMES = {
  models: 'models-dir',
  socket: 'domain-socket',
  storageConfig: 'storage-config',
  meshConfig: 'tc-config',
  etcd: 'etcd-config',
  tls: 'tls-certs',
} as const;

export const TERMINATION_GRACE_SECONDS = 90;
export const ARCHITECTURES = ['amd64', 'arm64', 's390x'];
export const DROP_ALL: JsonObject = { capabilities: { drop: ['ALL'] } };
/** Server containers outlive the mesh, which first hands its models over. */
export const WAIT_FOR_MESH: JsonObject = { preStop: { httpGet: { path: '/prestop', port: PORTS.preStop } } };
