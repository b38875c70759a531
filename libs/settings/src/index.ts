/**
 * Settings from the environment. Every program declares one zod object whose keys are the names of
 * environment variables; all mistakes are reported together, each by the name of its variable.
 * Knows no domain types. Never prints a value: it may be a secret.
 */
import { z } from 'zod';

/** Thrown by `readSettings`; `message` has one line for each mistake. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the variables that `schema` names. An empty variable counts as absent.
 * @throws SettingsError naming every variable that is missing or malformed.
 */
export function readSettings<T extends z.ZodRawShape>(
  schema: z.ZodObject<T>,
  env: Readonly<Record<string, string | undefined>>,
): z.output<z.ZodObject<T>> {
  const given = Object.keys(schema.shape)
    .map((name) => [name, env[name]] as const)
    .filter(([, value]) => value !== undefined && value !== '');
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new SettingsError(`The environment has ${lines.length} wrong setting(s):\n  ${lines.join('\n  ')}`);
}

/** The same for a program's first line: mistakes are printed, and the process ends with code 1. */
export function readSettingsOrExit<T extends z.ZodRawShape>(schema: z.ZodObject<T>): z.output<z.ZodObject<T>> {
  try {
    return readSettings(schema, process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

const TRUE = ['true', '1', 'yes'];
const FALSE = ['false', '0', 'no'];

/** A switch: `true`/`1`/`yes` or `false`/`0`/`no`. */
export function flag(fallback: boolean): z.ZodType<boolean, string | undefined> {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      if (TRUE.includes(text)) return true;
      if (FALSE.includes(text)) return false;
      context.addIssue(`must be true or false`);
      return z.NEVER;
    });
}

/** A whole number between `min` and `max`, both included. */
export function wholeNumber(fallback: number, min: number, max: number): z.ZodType<number, string | undefined> {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      const value = Number(text);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      context.addIssue(`must be a whole number from ${min} to ${max}`);
      return z.NEVER;
    });
}

/** Settings that every one of our processes has. */
export const processSettings = {
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Where `/metrics`, `/healthz` and `/readyz` listen. */
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: wholeNumber(8080, 0, 65_535),
};

/** How Redis is reached. User, password and TLS may be part of the URL (`rediss://`) or separate settings. */
export const redisSettings = {
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .default('redis://127.0.0.1:6379'),
  REDIS_USERNAME: z.string().optional(),
  REDIS_PASSWORD: z.string().optional(),
  /** A file with the certificate authority of Redis, PEM. */
  REDIS_CA_FILE: z.string().optional(),
  /** Prefix of every key; the braces keep them in one slot of a Redis Cluster. */
  REDIS_PREFIX: z
    .string()
    .regex(/^\{[^{}]+\}$/, 'must be one word in braces, such as {meshkeeper}')
    .default('{meshkeeper}'),
};

/** The settings above in the words of the connection. */
export function redisOptions(settings: RedisSettings): RedisOptions {
  return {
    url: settings.REDIS_URL,
    username: settings.REDIS_USERNAME,
    password: settings.REDIS_PASSWORD,
    caFile: settings.REDIS_CA_FILE,
  };
}

type RedisSettings = {
  readonly REDIS_URL: string;
  readonly REDIS_USERNAME?: string | undefined;
  readonly REDIS_PASSWORD?: string | undefined;
  readonly REDIS_CA_FILE?: string | undefined;
};
type RedisOptions = {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly caFile: string | undefined;
};

/** How the API server is reached. Without KUBECONFIG the pod's own service account is used. */
export const kubernetesSettings = {
  KUBECONFIG: z.string().optional(),
  KUBE_CONTEXT: z.string().optional(),
  /** The controller's own namespace: it holds the configuration and the etcd Secret. */
  NAMESPACE: z.string().default('modelmesh-serving'),
  ETCD_SECRET_NAME: z.string().default('model-serving-etcd'),
  /** Only the own namespace is watched and served, by its own ServingRuntimes; nothing cluster-wide is read. */
  NAMESPACE_SCOPE: flag(false),
};

/** In the sandbox a pod's address (10.64.0.0/10) is dialled at its loopback alias: the same address with first octet 127. */
export const dialSettings = { DIAL_LOOPBACK_ALIAS: flag(false) };

/** What `localhost` is within a pod. The sandbox's pods share one machine, and its node says here which loopback address is theirs. */
export const podSettings = { POD_LOCALHOST: z.string().default('localhost') };

/** Where the mesh of a pod answers once it has drained, for the containers that serve until then; 0: they do not wait. */
export const drainSettings = { PRESTOP_PORT: wholeNumber(8090, 0, 65_535) };

/** The loopback alias of a pod address: `10.64.1.2` becomes `127.64.1.2`. Other addresses stay as they are. */
export function loopbackAlias(address: string): string {
  return address.replace(/^10\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, '127.$1.');
}
