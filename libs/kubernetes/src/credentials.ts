import { existsSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { CallError, messageOf } from '@meshkeeper/domain';

/** How one API server is reached, as of now. */
export type ClusterAccess = {
  /** `https://host:port`, without a slash at the end. */
  readonly url: string;
  readonly tls: {
    readonly ca?: Buffer | string;
    readonly cert?: Buffer | string;
    readonly key?: Buffer | string;
    readonly servername?: string;
    /** False where the kubeconfig has `insecure-skip-tls-verify`; true when absent. */
    readonly rejectUnauthorized?: boolean;
  };
  readonly headers: Readonly<Record<string, string>>;
};

/** Returns the access; `renew` requests fresh credentials after a 401. */
export type AccessSource = (renew: boolean) => Promise<ClusterAccess>;

/** Tokens are read again after this time: in a pod the file is rotated. */
const CACHE_MS = 30_000;

export type KubeConfigOptions = {
  /**
   * Path of a kubeconfig, or several as in KUBECONFIG, which are merged as kubectl does. Without one that of KUBECONFIG, `~/.kube/config`,
   * or the pod's service account.
   */
  readonly file?: string | undefined;
  readonly context?: string | undefined;
};

/**
 * Loads a kubeconfig. Of client-node only this is used: its transport opens a connection for each call.
 * @throws CallError `Terminal` that names the file or context which is not there.
 */
export function kubeAccess(options: KubeConfigOptions): AccessSource {
  const load = (): KubeConfig => loadKubeConfig(options);
  let config = load();
  let cached: { readonly access: ClusterAccess; readonly at: number } | undefined;
  return async (renew) => {
    const now = performance.now();
    if (cached !== undefined && !renew && now - cached.at < CACHE_MS) return cached.access;
    if (renew) config = load();
    cached = { access: await resolveAccess(config), at: now };
    return cached.access;
  };
}

/** Where objects without a namespace of their own belong. @throws CallError like `kubeAccess`. */
export function contextNamespace(options: KubeConfigOptions): string {
  const config = loadKubeConfig(options);
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

function loadKubeConfig({ file = process.env['KUBECONFIG'] || undefined, context }: KubeConfigOptions): KubeConfig {
  const config = file === undefined ? loaded('', (usual) => usual.loadFromDefault()) : loadFiles(file);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new CallError('Terminal', `The kubeconfig has no context ${context}; it has ${known.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

/** Of each name the first entry counts. Where several files are given, those that do not exist are passed over. */
function loadFiles(list: string): KubeConfig {
  const files = list.split(delimiter).filter((file) => file !== '');
  const present = files.filter((file) => existsSync(file));
  const configs = (present.length === 0 ? files : present).map((file) =>
    loaded(file, (config) => config.loadFromFile(file)),
  );
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfEachName(configs.flatMap((config) => config.getClusters())),
    users: firstOfEachName(configs.flatMap((config) => config.getUsers())),
    contexts: firstOfEachName(configs.flatMap((config) => config.getContexts())),
    currentContext: configs.map((config) => config.getCurrentContext()).find((name) => name) ?? '',
  });
  return merged;
}

function loaded(file: string, load: (config: KubeConfig) => void): KubeConfig {
  const config = new KubeConfig();
  try {
    load(config);
  } catch (error) {
    throw new CallError('Terminal', `Cannot read the kubeconfig ${file}: ${messageOf(error)}`, { cause: error });
  }
  return config;
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return entries.filter((entry, index) => entries.findIndex(({ name }) => name === entry.name) === index);
}

async function resolveAccess(config: KubeConfig): Promise<ClusterAccess> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new CallError('Terminal', 'The kubeconfig names no cluster');
  const https: Record<string, unknown> & { headers?: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(https as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  const ca = cluster.caData
    ? Buffer.from(cluster.caData, 'base64')
    : cluster.caFile
      ? readFileSync(cluster.caFile)
      : undefined;
  const { cert, key } = https as { cert?: Buffer; key?: Buffer };
  return {
    url: cluster.server.replace(/\/+$/, ''),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
      ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    },
    headers: { ...https.headers },
  };
}
