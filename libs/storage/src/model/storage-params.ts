import type { StorageConfig } from '../provider.ts';
import { ModelKeyError } from './model-key.ts';

type JsonObject = Record<string, unknown>;

const PREFIX = 'Unable to merge storage parameters from the storage config and the Predictor Storage field: ';

/**
 * The configuration with a model's own parameters in it. The name of a parameter is a path: `a.b` is `b` of the object `a`,
 * which is made when absent. The given configuration is not changed.
 * @throws ModelKeyError; a replaced value is named by its kind only, for it may be a secret.
 */
export function mergeParameters(base: StorageConfig, params: Readonly<Record<string, string>>): StorageConfig {
  const merged = copyObject(base);
  for (const [path, value] of Object.entries(params)) setAt(merged, path, value);
  return merged;
}

function setAt(root: JsonObject, path: string, value: string): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let object = root;
  for (const [depth, name] of names.entries()) {
    const present = object[name] ?? {};
    if (!isObject(present))
      throw new ModelKeyError(`${PREFIX}expected an object at '${names.slice(0, depth + 1).join('.')}'`);
    const copy = copyObject(present);
    object[name] = copy;
    object = copy;
  }
  const present = object[last];
  if (present !== undefined && typeof present !== 'string') {
    throw new ModelKeyError(`${PREFIX}expected a string at '${path}', but got ${kindOf(present)}`);
  }
  object[last] = value;
}

/** Without a prototype: a parameter called `__proto__` is one like any other. */
function copyObject(object: Readonly<JsonObject>): JsonObject {
  const copy = Object.create(null) as JsonObject;
  for (const [name, value] of Object.entries(object)) copy[name] = value;
  return copy;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
