import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSafeName } from '../files/safe-path.ts';
import type { StorageConfig } from '../provider.ts';
import { ModelKeyError, type ModelKey } from './model-key.ts';
import { mergeParameters } from './storage-params.ts';

/**
 * The configuration of one model's storage: a file of the storage Secret, read again each time, with the model's own parameters on top.
 * @throws ModelKeyError
 */
export async function readStorageConfig(configDir: string, key: ModelKey): Promise<StorageConfig> {
  const base = fillBucket(await readBase(configDir, key));
  const withBucket = key.bucket !== undefined && 'bucket' in base ? { ...base, bucket: key.bucket } : base;
  const config = mergeParameters(withBucket, key.storageParams);
  if (typeof config['type'] !== 'string') throw new ModelKeyError('Predictor Storage field missing');
  return config;
}

async function readBase(configDir: string, { storageKey, storageParams }: ModelKey): Promise<StorageConfig> {
  if (storageKey === undefined) {
    const type = Object.hasOwn(storageParams, 'type') ? storageParams['type'] : undefined;
    const text = await readEntry(configDir, type === undefined ? 'default' : `default_${type}`);
    // Without a default of that kind the parameters alone may suffice, as they do for a public URL.
    return (text === undefined ? undefined : parseConfig(text)) ?? {};
  }
  const text = await readEntry(configDir, storageKey);
  const prefix = `Did not find storage config for key ${storageKey}: `;
  if (text === undefined) throw new ModelKeyError(`${prefix}Storage secretKey not found: ${storageKey}`);
  const config = parseConfig(text);
  if (config === undefined) throw new ModelKeyError(`${prefix}it is not a JSON object`);
  return config;
}

/** The text of one key of the Secret; undefined when it is absent or unreadable. */
async function readEntry(configDir: string, key: string): Promise<string | undefined> {
  if (!isSafeName(key)) return undefined;
  return readFile(join(configDir, key), 'utf8').catch(() => undefined);
}

/** Says nothing of why it failed: JSON.parse quotes the text, which holds credentials. */
function parseConfig(text: string): StorageConfig | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as StorageConfig) : undefined;
  } catch {
    return undefined;
  }
}

function fillBucket(config: StorageConfig): StorageConfig {
  const { type, bucket, default_bucket: fallback } = config;
  if (type !== 's3' || typeof fallback !== 'string' || (bucket !== undefined && bucket !== null)) return config;
  return { ...config, bucket: fallback };
}
