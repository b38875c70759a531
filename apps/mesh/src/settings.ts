import { z } from 'zod';
import { dialSettings, loopbackTwin, processSettings, readSettings, wholeNumber } from '@meshkeeper/settings';
import { instanceIdOf } from '@meshkeeper/modelmesh';

const METRICS = /^(disabled|prometheus:.*)$/;

/** The environment that the reconciler renders for the `mm` container; what is not read yet is left alone. */
const schema = z.object({
  MM_SERVICE_NAME: z.string(),
  MM_SVC_GRPC_PORT: wholeNumber(8033, 0, 65_535),
  WKUBE_POD_NAME: z.string(),
  WKUBE_POD_IPADDR: z.string(),
  MM_LOCATION: z.string().default(''),
  KV_STORE: z.string(),
  MM_KVSTORE_PREFIX: z.string().default('tas-runtime'),
  MM_DEFAULT_VMODEL_OWNER: z.string().default(''),
  MM_LABELS: z.string().default(''),
  MM_TYPE_CONSTRAINTS_PATH: z.string().optional(),
  MM_METRICS: z.string().regex(METRICS, 'must be disabled or start with prometheus:').default('disabled'),
  MM_PROBE_PORT: z.union([z.literal('NONE'), z.string().regex(/^\d+$/, 'must be a port or NONE')]).default('8089'),
  SHUTDOWN_TIMEOUT_MS: wholeNumber(30_000, 0, 3_600_000),
  ...dialSettings,
  LOG_LEVEL: processSettings.LOG_LEVEL,
});

export type MeshSettings = {
  readonly instanceId: string;
  readonly service: string;
  readonly kvPrefix: string;
  readonly kvStore: string;
  readonly location: string;
  readonly labels: readonly string[];
  readonly defaultOwner: string;
  readonly typeConstraintsPath: string | undefined;
  /** Where everything listens. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly grpcPort: number;
  /** Undefined: no probes. */
  readonly probePort: number | undefined;
  /** Undefined: no metrics. */
  readonly metricsPort: number | undefined;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: string;
};

/** @throws SettingsError */
export function readMeshSettings(env: Readonly<Record<string, string | undefined>>): MeshSettings {
  const given = readSettings(schema, env);
  return {
    instanceId: instanceIdOf(given.WKUBE_POD_NAME),
    service: given.MM_SERVICE_NAME,
    kvPrefix: given.MM_KVSTORE_PREFIX,
    kvStore: given.KV_STORE,
    location: given.MM_LOCATION,
    labels: [...new Set(given.MM_LABELS.split(',').filter((label) => label !== ''))].sort(),
    defaultOwner: given.MM_DEFAULT_VMODEL_OWNER,
    typeConstraintsPath: given.MM_TYPE_CONSTRAINTS_PATH,
    host: given.DIAL_LOOPBACK_TWIN ? loopbackTwin(given.WKUBE_POD_IPADDR) : '0.0.0.0',
    grpcPort: given.MM_SVC_GRPC_PORT,
    probePort: given.MM_PROBE_PORT === 'NONE' ? undefined : Number(given.MM_PROBE_PORT),
    metricsPort: metricsPort(given.MM_METRICS),
    shutdownTimeoutMs: given.SHUTDOWN_TIMEOUT_MS,
    logLevel: given.LOG_LEVEL,
  };
}

/** `prometheus:port=2112;scheme=https;…`. The scheme is read over: it is plain HTTP for now. */
function metricsPort(text: string): number | undefined {
  if (text === 'disabled') return undefined;
  const port = /(?:^prometheus:|;)port=(\d+)(?:;|$)/.exec(text)?.[1];
  return port === undefined ? 2112 : Number(port);
}
