import type { StorageConfig } from './provider.ts';
import { StorageError } from './storage-error.ts';

/** A text of a configuration; a value that is none, or is empty, counts as absent. */
export function optionalText(config: StorageConfig, key: string): string | undefined {
  const value = Object.hasOwn(config, key) ? config[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws StorageError InvalidConfig */
export function requiredText(config: StorageConfig, key: string): string {
  const value = optionalText(config, key);
  if (value === undefined) throw invalid(`missing required string configuration '${key}'`);
  return value;
}

/** A value that each pull needs, and the connection does not. @throws StorageError InvalidConfig */
export function pullText(config: StorageConfig, key: string): string {
  const value = optionalText(config, key);
  if (value === undefined) throw invalid(`required configuration '${key}' missing from command`);
  return value;
}

export function invalid(message: string): StorageError {
  return new StorageError('InvalidConfig', message);
}

/**
 * A URL of a configuration; `https` when it names no scheme.
 * @throws StorageError InvalidConfig, without the value: it could hold a password.
 */
export function parseUrl(text: string, key: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid(`the configuration '${key}' is not an http(s) URL`);
  return url;
}
