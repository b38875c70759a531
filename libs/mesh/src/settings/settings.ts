import { z } from 'zod';
import {
  dialSettings,
  flag,
  loopbackAlias,
  processSettings,
  readSettings,
  SettingsError,
  wholeNumber,
} from '@meshkeeper/settings';
import type { TlsPaths } from '@meshkeeper/certificates';
import { instanceIdOf } from '@meshkeeper/modelmesh';
import { parseInfoMetric, type InfoMetric } from '../metrics/info-metric.ts';
import { parseLoggedHeaders, type LoggedHeaders } from './logged-headers.ts';
import { parsePayloadTargets, type PayloadTarget } from './payload-targets.ts';
import { runtimeEndpoints, runtimeVariables, type RuntimeEndpoints } from './runtime-endpoints.ts';

/** Certificates of the pods; without them everything is plaintext. */
const tlsSettings = {
  MM_TLS_KEY_CERT_PATH: z.string().optional(),
  MM_TLS_PRIVATE_KEY_PATH: z.string().optional(),
  MM_TLS_PRIVATE_KEY_PASSPHRASE: z.string().optional(),
  MM_TLS_TRUST_CERT_PATH: z.string().optional(),
  MM_TLS_CLIENT_AUTH: z
    .string()
    .default('NONE')
    .transform((text) => text.toUpperCase())
    .pipe(z.enum(['NONE', 'REQUIRE', 'OPTIONAL'])),
};

const METRICS = /^(disabled|prometheus:.*)$/;

/** The environment that the reconciler renders for the `mm` container; what is not read yet is left alone. */
const schema = z.object({
  MM_SERVICE_NAME: z.string(),
  MM_SVC_GRPC_PORT: wholeNumber(8033, 0, 65_535),
  WKUBE_POD_NAME: z.string(),
  WKUBE_POD_IPADDR: z.string(),
  MM_LOCATION: z.string().default(''),
  MM_ZONE: z.string().default(''),
  KV_STORE: z.string(),
  MM_KVSTORE_PREFIX: z.string().default('tas-runtime'),
  MM_DEFAULT_VMODEL_OWNER: z.string().default(''),
  MM_LABELS: z.string().default(''),
  MM_TYPE_CONSTRAINTS_PATH: z.string().optional(),
  MM_DATAPLANE_CONFIG_PATH: z.string().optional(),
  MM_SVC_GRPC_MAX_MSG_SIZE: wholeNumber(16 * 1024 * 1024, 1, 2 ** 31 - 1),
  MM_SVC_GRPC_MAX_HEADERS_SIZE: wholeNumber(8_192, 1, 2 ** 24),
  MM_SVC_GRPC_MAX_CONNECTION_AGE_SECS: wholeNumber(0, 0, 31_536_000),
  MM_SVC_GRPC_MAX_CONNECTION_AGE_GRACE_SECS: wholeNumber(0, 0, 31_536_000),
  MM_MULTI_PARALLELISM: wholeNumber(4, 1, 1_000),
  MM_SCALEUP_RPM_THRESHOLD: wholeNumber(2_000, 10, 1_000_000_000),
  MM_LOG_EACH_INVOKE: flag(false),
  MM_LOG_REQUEST_HEADERS: z.string().default(''),
  MM_INFO_METRICS: z.string().default(''),
  MM_PAYLOAD_PROCESSORS: z.string().default(''),
  MM_PAYLOAD_PROCESSORS_CAPACITY: wholeNumber(64, 1, 1_000_000),
  MM_PAYLOAD_PROCESSORS_THREADS: wholeNumber(2, 1, 1_000),
  ...tlsSettings,
  ...runtimeVariables,
  /** Where other instances send calls on to: as the original's, but in a language of our own. */
  MESHKEEPER_PEER_PORT: wholeNumber(8080, 0, 65_535),
  MM_PRESTOP_WAIT_PORT: wholeNumber(8090, 0, 65_535),
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
  readonly zone: string;
  readonly labels: readonly string[];
  readonly defaultOwner: string;
  readonly typeConstraintsPath: string | undefined;
  readonly dataPlanePath: string | undefined;
  readonly multiParallelism: number;
  readonly scaleUpRpm: number;
  readonly payloads: PayloadSettings;
  /** Where everything listens. */
  readonly host: string;
  /** By which other instances know it. */
  readonly podAddress: string;
  readonly dialAlias: boolean;
  readonly runtime: RuntimeEndpoints;
  /** 0 takes any free port. */
  readonly grpcPort: number;
  readonly peerPort: number;
  readonly limits: ServerLimits;
  readonly tls: TlsFiles | undefined;
  /** Undefined: no probes. */
  readonly probePort: number | undefined;
  readonly prestopPort: number;
  /** Undefined: no metrics. */
  readonly metrics: MetricsSettings | undefined;
  readonly shutdownTimeoutMs: number;
  readonly infoMetric: InfoMetric | undefined;
  readonly logEachCall: boolean;
  readonly loggedHeaders: LoggedHeaders;
  readonly logLevel: string;
};

export type PayloadSettings = {
  readonly targets: readonly PayloadTarget[];
  /** Payloads that may wait for one target. */
  readonly capacity: number;
  /** Concurrent posts to one target. */
  readonly threads: number;
};

export type ServerLimits = {
  readonly maxMessageBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxConnectionAgeMs: number | undefined;
  readonly maxConnectionAgeGraceMs: number | undefined;
};

export type TlsFiles = TlsPaths & { readonly clientAuth: 'NONE' | 'REQUIRE' | 'OPTIONAL' };

export type MetricsSettings = { readonly port: number; readonly scheme: 'http' | 'https'; readonly perModel: boolean };

type Given = z.output<typeof schema>;

/** @throws SettingsError */
export function readMeshSettings(env: Readonly<Record<string, string | undefined>>): MeshSettings {
  const given = readSettings(schema, env);
  const host = given.DIAL_LOOPBACK_ALIAS ? loopbackAlias(given.WKUBE_POD_IPADDR) : '0.0.0.0';
  return {
    instanceId: instanceIdOf(given.WKUBE_POD_NAME),
    service: given.MM_SERVICE_NAME,
    kvPrefix: given.MM_KVSTORE_PREFIX,
    kvStore: given.KV_STORE,
    location: given.MM_LOCATION,
    zone: given.MM_ZONE,
    labels: [...new Set(given.MM_LABELS.split(',').filter((label) => label !== ''))].sort(),
    defaultOwner: given.MM_DEFAULT_VMODEL_OWNER,
    typeConstraintsPath: given.MM_TYPE_CONSTRAINTS_PATH,
    dataPlanePath: given.MM_DATAPLANE_CONFIG_PATH,
    multiParallelism: given.MM_MULTI_PARALLELISM,
    scaleUpRpm: given.MM_SCALEUP_RPM_THRESHOLD,
    payloads: {
      targets: parsePayloadTargets(given.MM_PAYLOAD_PROCESSORS),
      capacity: given.MM_PAYLOAD_PROCESSORS_CAPACITY,
      threads: given.MM_PAYLOAD_PROCESSORS_THREADS,
    },
    host,
    podAddress: given.WKUBE_POD_IPADDR,
    dialAlias: given.DIAL_LOOPBACK_ALIAS,
    runtime: runtimeEndpoints(given, given.DIAL_LOOPBACK_ALIAS ? host : '127.0.0.1'),
    grpcPort: given.MM_SVC_GRPC_PORT,
    peerPort: given.MESHKEEPER_PEER_PORT,
    limits: serverLimits(given),
    tls: tlsFiles(given),
    probePort: given.MM_PROBE_PORT === 'NONE' ? undefined : Number(given.MM_PROBE_PORT),
    prestopPort: given.MM_PRESTOP_WAIT_PORT,
    metrics: metricsSettings(given.MM_METRICS),
    shutdownTimeoutMs: given.SHUTDOWN_TIMEOUT_MS,
    infoMetric: parseInfoMetric(given.MM_INFO_METRICS, env),
    logEachCall: given.MM_LOG_EACH_INVOKE,
    loggedHeaders: parseLoggedHeaders(given.MM_LOG_REQUEST_HEADERS),
    logLevel: given.LOG_LEVEL,
  };
}

/** Seconds to milliseconds; 0 is no limit. */
function limit(seconds: number): number | undefined {
  return seconds === 0 ? undefined : seconds * 1_000;
}

function serverLimits(given: Given): ServerLimits {
  return {
    maxMessageBytes: given.MM_SVC_GRPC_MAX_MSG_SIZE,
    maxHeaderBytes: given.MM_SVC_GRPC_MAX_HEADERS_SIZE,
    maxConnectionAgeMs: limit(given.MM_SVC_GRPC_MAX_CONNECTION_AGE_SECS),
    maxConnectionAgeGraceMs: limit(given.MM_SVC_GRPC_MAX_CONNECTION_AGE_GRACE_SECS),
  };
}

function tlsFiles(given: Given): TlsFiles | undefined {
  const { MM_TLS_KEY_CERT_PATH: certificate, MM_TLS_PRIVATE_KEY_PATH: key } = given;
  if ((certificate === undefined) !== (key === undefined))
    throw new SettingsError('MM_TLS_KEY_CERT_PATH, MM_TLS_PRIVATE_KEY_PATH: one is of no use without the other');
  if (certificate === undefined || key === undefined) return undefined;
  return {
    certificate,
    key,
    passphrase: given.MM_TLS_PRIVATE_KEY_PASSPHRASE,
    // The controller names the served certificate, and the authority's where there is one.
    trusted: given.MM_TLS_TRUST_CERT_PATH?.split(',').filter((path) => path !== '') ?? [],
    clientAuth: given.MM_TLS_CLIENT_AUTH,
  };
}

/** `prometheus:port=2112;scheme=https;per_model_metrics=true;…` */
function metricsSettings(text: string): MetricsSettings | undefined {
  if (text === 'disabled') return undefined;
  const parts = text.slice('prometheus:'.length).split(';');
  const values = new Map(parts.map((part) => part.split('=', 2) as [string, string | undefined]));
  const port = Number(values.get('port') ?? 2112);
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (!isPort) throw new SettingsError('MM_METRICS: port must be a whole number from 0 to 65535');
  const scheme = values.get('scheme') === 'http' ? 'http' : 'https';
  return { port, scheme, perModel: values.get('per_model_metrics') === 'true' };
}
