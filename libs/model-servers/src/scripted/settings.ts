import { z } from 'zod';
import type { ListenOn } from '@meshkeeper/grpc';
import { dialSettings, flag, loopbackAlias, processSettings, readSettings, wholeNumber } from '@meshkeeper/settings';

const endpoint = z.string().regex(/^(port:\d+|unix:.*\/.+)$/, 'must be port:<number> or unix:///<path>');
const bytes = (fallback: number) => wholeNumber(fallback, 0, Number.MAX_SAFE_INTEGER);

const methodInfos = z
  .string()
  .default('{}')
  .transform((text, context) => {
    try {
      return z.record(z.string(), z.object({ idInjectionPath: z.array(z.int()).default([]) })).parse(JSON.parse(text));
    } catch {
      context.addIssue('must be JSON such as {"pkg.Service/Method":{"idInjectionPath":[1]}}');
      return z.NEVER;
    }
  });

const schema = z.object({
  RUNTIME_ENDPOINT: endpoint.default('port:8085'),
  RUNTIME_DATA_ENDPOINT: endpoint.optional(),
  HOST: z.string().default('127.0.0.1'),
  WKUBE_POD_IPADDR: z.string().optional(),
  ...dialSettings,
  CAPACITY_BYTES: bytes(64 * 1024 ** 3),
  DEFAULT_SIZE_BYTES: bytes(1024 ** 2),
  LOAD_CONCURRENCY: wholeNumber(6, 0, 100_000),
  LOAD_TIMEOUT_MS: wholeNumber(90_000, 0, 2 ** 31 - 1),
  START_MS: wholeNumber(0, 0, 3_600_000),
  RUNTIME_INSTANCE: z.string().default('scripted'),
  METHOD_INFOS: methodInfos,
  ALLOW_ANY_METHOD: flag(false),
  LIMIT_MODEL_CONCURRENCY: flag(false),
  MAX_CONCURRENCY: wholeNumber(0, 0, 100_000),
  REPORT_SIZE: z.enum(['load', 'size']).default('load'),
  /** Bytes; absent: predictModelSize is not implemented. */
  PREDICT_SIZE: z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).optional(),
  CONTROL_PORT: z.string().regex(/^\d+$/, 'must be a port').transform(Number).optional(),
  LOG_LEVEL: processSettings.LOG_LEVEL,
});

export type ScriptedSettings = Omit<z.output<typeof schema>, 'RUNTIME_ENDPOINT' | 'RUNTIME_DATA_ENDPOINT' | 'HOST'> & {
  readonly host: string;
  readonly management: ListenOn;
  /** Undefined: the same as `management`. */
  readonly data: ListenOn | undefined;
};

/** @throws SettingsError */
export function readScriptedSettings(env: Readonly<Record<string, string | undefined>>): ScriptedSettings {
  const { RUNTIME_ENDPOINT, RUNTIME_DATA_ENDPOINT = RUNTIME_ENDPOINT, HOST, ...rest } = readSettings(schema, env);
  const host = rest.DIAL_LOOPBACK_ALIAS ? loopbackAlias(rest.WKUBE_POD_IPADDR ?? HOST) : HOST;
  const data = RUNTIME_DATA_ENDPOINT === RUNTIME_ENDPOINT ? undefined : toEndpoint(RUNTIME_DATA_ENDPOINT, host);
  return { ...rest, host, management: toEndpoint(RUNTIME_ENDPOINT, host), data };
}

function toEndpoint(text: string, host: string): ListenOn {
  if (text.startsWith('port:')) return { host, port: Number(text.slice('port:'.length)) };
  return { path: text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') };
}
