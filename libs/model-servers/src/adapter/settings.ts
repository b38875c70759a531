import { z } from 'zod';
import { flag, podSettings, processSettings, readSettings, wholeNumber } from '@meshkeeper/settings';
import type { ServerType } from './server-type.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const DAY_MS = 86_400_000;

/** Bytes of disk to bytes of memory: TorchServe unpacks its archives. */
const MULTIPLIERS: Readonly<Record<ServerType, number>> = {
  triton: 1.25,
  mlserver: 1.25,
  ovms: 1.25,
  torchserve: 2.75,
};
const PORTS: Readonly<Record<ServerType, number>> = { triton: 8001, mlserver: 8001, ovms: 8001, torchserve: 7071 };

const multiplier = z.coerce.number('must be a number').positive('must be more than 0').optional();

const schema = z.object({
  ADAPTER_PORT: wholeNumber(8085, 0, 65_535),
  RUNTIME_PORT: z.coerce.number('must be a port').int().min(0).max(65_535).optional(),
  RUNTIME_DATA_ENDPOINT: z.string().default('port:7070'),
  CONTAINER_MEM_REQ_BYTES: wholeNumber(-1, -MAX, MAX),
  MEM_BUFFER_BYTES: wholeNumber(256 * 1024 ** 2, 0, MAX),
  LOADING_CONCURRENCY: wholeNumber(1, 1, 10_000),
  LOADTIME_TIMEOUT: wholeNumber(0, 0, DAY_MS),
  DEFAULT_MODELSIZE: wholeNumber(1_000_000, 1, MAX),
  MODELSIZE_MULTIPLIER: multiplier,
  RUNTIME_VERSION: z.string().default('v1'),
  LIMIT_PER_MODEL_CONCURRENCY: wholeNumber(0, 0, 10_000),
  ROOT_MODEL_DIR: z.string().default('/models'),
  USE_EMBEDDED_PULLER: flag(false),
  STORAGE_CONFIG_DIR: z.string().default('/storage-config'),
  PVC_MOUNTS_DIR: z.string().default('/pvc_mounts'),
  /** OVMS: how long a batch of loads, or of unloads alone, gathers before the server reads its list again. */
  BATCH_WAIT_TIME_MIN: z.string().default('100ms'),
  BATCH_WAIT_TIME_MAX: z.string().default('3s'),
  OVMS_RELOAD_TIMEOUT: z.string().default('30s'),
  MODEL_CONFIG_FILE: z.string().default('/models/model_config_list.json'),
  /** TorchServe: what each model is registered with. */
  REQUEST_BATCH_SIZE: wholeNumber(0, 0, 1_000_000),
  MAX_BATCH_DELAY_SECS: wholeNumber(0, 0, 86_400),
  /** Triton: turns a Keras file into a SavedModel; called with the file and the folder to make. */
  KERAS_CONVERTER: z.string().default('/opt/scripts/tf_pb.py'),
  /** Where `/metrics` and `/healthz` listen; 0 for nowhere. */
  METRICS_PORT: wholeNumber(2113, 0, 65_535),
  LOG_LEVEL: processSettings.LOG_LEVEL,
  ...podSettings,
});

export type AdapterSettings = Omit<z.output<typeof schema>, 'RUNTIME_PORT' | 'MODELSIZE_MULTIPLIER'> & {
  readonly type: ServerType;
  readonly RUNTIME_PORT: number;
  readonly MODELSIZE_MULTIPLIER: number;
  /** What models may take of the server's memory. */
  readonly capacityBytes: number;
  readonly loadTimeoutMs: number;
};

/** The original's default; the controller says 0 for a runtime that names no limit, which a mesh would refuse. */
const LOAD_TIMEOUT_MS = 30_000;

/** @throws SettingsError for wrong values, Error where the memory request leaves nothing for models. */
export function readAdapterSettings(
  type: ServerType,
  env: Readonly<Record<string, string | undefined>>,
): AdapterSettings {
  const given = readSettings(schema, env);
  const { CONTAINER_MEM_REQ_BYTES: request, MEM_BUFFER_BYTES: buffer } = given;
  if (request <= buffer)
    throw new Error(
      `CONTAINER_MEM_REQ_BYTES is ${request} and MEM_BUFFER_BYTES ${buffer}: the model server's memory request must be larger than the buffer, for models have the difference`,
    );
  return {
    ...given,
    type,
    RUNTIME_PORT: given.RUNTIME_PORT ?? PORTS[type],
    MODELSIZE_MULTIPLIER: given.MODELSIZE_MULTIPLIER ?? MULTIPLIERS[type],
    capacityBytes: request - buffer,
    loadTimeoutMs: given.LOADTIME_TIMEOUT === 0 ? LOAD_TIMEOUT_MS : given.LOADTIME_TIMEOUT,
  };
}
