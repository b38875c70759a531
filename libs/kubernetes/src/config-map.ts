import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { parse } from 'yaml';

/**
 * The value of key `config.yaml`, decoded. A problem is a value too, under `decodingProblem`: a wrong ConfigMap must not stop the watch
 * of its kind. Words like `yes` and `on` are booleans, as in the YAML 1.1 that the original reads.
 */
export function decodeConfigMap(object: KubeObject): JsonObject {
  const data = object['data'] as Readonly<Record<string, string>> | undefined;
  const text = data?.['config.yaml'];
  if (text === undefined) return { decodingProblem: 'User ConfigMap must contain a key named config.yaml' };
  try {
    const value: unknown = parse(text, { version: '1.1' });
    if (value === null || value === undefined) return {};
    if (typeof value !== 'object' || Array.isArray(value))
      return { decodingProblem: 'config.yaml must be a map of settings' };
    return value as JsonObject;
  } catch (error) {
    return { decodingProblem: `While parsing config: yaml: ${(error as Error).message.split('\n')[0]}` };
  }
}
