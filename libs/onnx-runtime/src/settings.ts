import { z } from 'zod';
import { podSettings, processSettings, readSettings, SettingsError, wholeNumber } from '@meshkeeper/settings';

const bytes = (fallback: number) => wholeNumber(fallback, 0, Number.MAX_SAFE_INTEGER);
const optionalBytes = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number of bytes')
  .transform(Number)
  .optional();

const schema = z.object({
  RUNTIME_ENDPOINT: z.string().default('port:8085'),
  RUNTIME_DATA_ENDPOINT: z.string().optional(),
  CAPACITY_BYTES: optionalBytes,
  CONTAINER_MEM_REQ_BYTES: optionalBytes,
  MEM_BUFFER_BYTES: bytes(128 * 1024 ** 2),
  DEFAULT_MODELSIZE: bytes(1_000_000),
  MODELSIZE_MULTIPLIER: z
    .string()
    .default('1.25')
    .transform(Number)
    .refine((value) => value > 0 && Number.isFinite(value), 'must be a number above 0'),
  LOADING_CONCURRENCY: wholeNumber(2, 1, 1_000),
  LOADTIME_TIMEOUT: wholeNumber(30_000, 100, 2 ** 31 - 1),
  INFERENCE_WORKERS: wholeNumber(2, 1, 256),
  INTRA_OP_THREADS: wholeNumber(1, 1, 256),
  ...podSettings,
  LOG_LEVEL: processSettings.LOG_LEVEL,
});

/** Without a word about memory; a playground has none. */
const DEFAULT_CAPACITY = 1024 ** 3;

export type OnnxSettings = {
  readonly managementEndpoint: string;
  readonly dataEndpoint: string;
  /** What `localhost` is in this pod. */
  readonly localhost: string;
  readonly capacityBytes: number;
  readonly defaultSizeBytes: number;
  readonly sizeMultiplier: number;
  readonly loadingConcurrency: number;
  readonly loadTimeoutMs: number;
  readonly workers: number;
  /** Of one session. */
  readonly intraOpThreads: number;
  readonly logLevel: string;
};

/** @throws SettingsError */
export function readOnnxSettings(env: Readonly<Record<string, string | undefined>>): OnnxSettings {
  const given = readSettings(schema, env);
  return {
    managementEndpoint: given.RUNTIME_ENDPOINT,
    dataEndpoint: given.RUNTIME_DATA_ENDPOINT ?? given.RUNTIME_ENDPOINT,
    localhost: given.POD_LOCALHOST,
    capacityBytes: capacityOf(given),
    defaultSizeBytes: given.DEFAULT_MODELSIZE,
    sizeMultiplier: given.MODELSIZE_MULTIPLIER,
    loadingConcurrency: given.LOADING_CONCURRENCY,
    loadTimeoutMs: given.LOADTIME_TIMEOUT,
    workers: given.INFERENCE_WORKERS,
    intraOpThreads: given.INTRA_OP_THREADS,
    logLevel: given.LOG_LEVEL,
  };
}

function capacityOf(given: z.output<typeof schema>): number {
  if (given.CAPACITY_BYTES !== undefined) return given.CAPACITY_BYTES;
  if (given.CONTAINER_MEM_REQ_BYTES === undefined) return DEFAULT_CAPACITY;
  const capacity = given.CONTAINER_MEM_REQ_BYTES - given.MEM_BUFFER_BYTES;
  if (capacity > 0) return capacity;
  throw new SettingsError('MEM_BUFFER_BYTES: it leaves nothing of CONTAINER_MEM_REQ_BYTES');
}
