import { z } from 'zod';
import type { PodDrainOptions } from '@meshkeeper/process';
import type { TlsPaths } from '@meshkeeper/certificates';
import { drainSettings, flag, podSettings, processSettings, readSettings, wholeNumber } from '@meshkeeper/settings';

/** The environment that the controller renders for the `rest-proxy` container, and what it leaves at its default. */
const schema = z.object({
  REST_PROXY_LISTEN_PORT: wholeNumber(8008, 0, 65_535),
  REST_PROXY_GRPC_PORT: wholeNumber(8033, 0, 65_535),
  REST_PROXY_GRPC_MAX_MSG_SIZE_BYTES: wholeNumber(16 * 1024 * 1024, 1, 2 ** 31 - 1),
  REST_PROXY_MAX_BODY_BYTES: wholeNumber(64 * 1024 * 1024, 1, 2 ** 31 - 1),
  REST_PROXY_USE_TLS: z.string().optional(),
  REST_PROXY_SKIP_VERIFY: flag(false),
  MM_TLS_KEY_CERT_PATH: z.string().optional(),
  MM_TLS_PRIVATE_KEY_PATH: z.string().optional(),
  MM_TLS_TRUST_CERT_PATH: z.string().default(''),
  MM_TLS_CLIENT_AUTH: z
    .string()
    .default('NONE')
    .transform((text) => text.toUpperCase())
    .pipe(z.enum(['NONE', 'REQUIRE', 'OPTIONAL'])),
  ...podSettings,
  ...drainSettings,
  LOG_LEVEL: processSettings.LOG_LEVEL,
});

export type ClientAuth = 'NONE' | 'REQUIRE' | 'OPTIONAL';

export type RestProxySettings = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The mesh; `kind` is how it is known for what it is. */
  readonly backend: {
    readonly host: string;
    readonly port: number;
    readonly kind: 'plain' | 'verified' | 'unverified';
  };
  /** Of one answer of the mesh, in bytes. */
  readonly maxAnswerBytes: number;
  /** Of one body of a client. */
  readonly maxBodyBytes: number;
  /** Undefined: clients are served plain HTTP. */
  readonly tls: TlsPaths | undefined;
  readonly clientAuth: ClientAuth;
  readonly drain: PodDrainOptions;
  readonly logLevel: string;
};

/** @throws SettingsError */
export function readRestProxySettings(env: Readonly<Record<string, string | undefined>>): RestProxySettings {
  const given = readSettings(schema, env);
  const { MM_TLS_KEY_CERT_PATH: certificate, MM_TLS_PRIVATE_KEY_PATH: key, POD_LOCALHOST: localhost } = given;
  const trusted = given.MM_TLS_TRUST_CERT_PATH.split(',').filter((path) => path !== '');
  const verified = given.REST_PROXY_SKIP_VERIFY ? 'unverified' : 'verified';
  return {
    // A pod that shares its machine's addresses with others has but this one.
    host: localhost === 'localhost' ? '0.0.0.0' : localhost,
    port: given.REST_PROXY_LISTEN_PORT,
    backend: {
      host: localhost,
      port: given.REST_PROXY_GRPC_PORT,
      // As in the original, no other word for true will do.
      kind: given.REST_PROXY_USE_TLS === 'true' ? verified : 'plain',
    },
    maxAnswerBytes: given.REST_PROXY_GRPC_MAX_MSG_SIZE_BYTES,
    maxBodyBytes: given.REST_PROXY_MAX_BODY_BYTES,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key, trusted },
    clientAuth: given.MM_TLS_CLIENT_AUTH,
    drain: { port: given.PRESTOP_PORT, localhost },
    logLevel: given.LOG_LEVEL,
  };
}
