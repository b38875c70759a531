import { z } from 'zod';
import { drainSettings, podSettings, processSettings, readSettings, wholeNumber } from '@meshkeeper/settings';

const schema = z.object({
  PORT: wholeNumber(8084, 0, 65_535),
  /** The model server, which speaks `mmesh.ModelRuntime`. */
  MODEL_SERVER_ENDPOINT: z.string().default('port:8085'),
  ROOT_MODEL_DIR: z.string().default('/models'),
  STORAGE_CONFIG_DIR: z.string().default('/storage-config'),
  PVC_MOUNTS_DIR: z.string().default('/pvc_mounts'),
  /** Where `/metrics` and `/healthz` listen; 0 for nowhere. */
  METRICS_PORT: wholeNumber(2113, 0, 65_535),
  LOG_LEVEL: processSettings.LOG_LEVEL,
  ...podSettings,
  ...drainSettings,
});

export type PullerSettings = z.output<typeof schema>;

/** @throws SettingsError */
export function readPullerSettings(env: Readonly<Record<string, string | undefined>>): PullerSettings {
  return readSettings(schema, env);
}
