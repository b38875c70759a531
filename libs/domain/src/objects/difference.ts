import { sameQuantity } from './quantity.ts';
import type { Json, JsonObject } from './reduce.ts';

/** Where amounts stand, which the server stores in its own spelling: `0.5` as `500m`. */
const QUANTITY = /\.(limits|requests)\.[^.]+$|\.(sizeLimit|divisor|storage)$/;

/**
 * Where a live value is not as wanted: the path of the first such field, undefined when all that is wanted is there. Fields that are
 * not wanted belong to others: the server's defaults, other managers. Lists of named items compare by position and length, as they
 * are wanted in full; maps compare by what is wanted of them. What the server does not store, such as an empty text, is as good as absent.
 */
export function firstDifference(wanted: Json, live: Json, path = ''): string | undefined {
  if (Array.isArray(wanted)) return listDifference(wanted as readonly Json[], live, path);
  if (typeof wanted === 'object' && wanted !== null) return mapDifference(wanted as JsonObject, live, path);
  if (wanted === live || (live === undefined && isOmitted(wanted))) return undefined;
  return QUANTITY.test(path) && isAmount(wanted) && isAmount(live) && sameQuantity(wanted, live) ? undefined : path;
}

function isOmitted(value: Json): boolean {
  return value === '' || value === false || value === null;
}

function isAmount(value: Json): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function listDifference(wanted: readonly Json[], live: Json, path: string): string | undefined {
  if (!Array.isArray(live) || live.length !== wanted.length)
    return wanted.length === 0 && live === undefined ? undefined : path;
  for (const [i, item] of wanted.entries()) {
    const found = firstDifference(item, (live as readonly Json[])[i], `${path}[${i}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function mapDifference(wanted: JsonObject, live: Json, path: string): string | undefined {
  const fields = Object.entries(wanted).filter(([, value]) => value !== undefined);
  if (live === undefined && fields.length === 0) return undefined;
  if (typeof live !== 'object' || live === null || Array.isArray(live)) return path;
  for (const [name, value] of fields) {
    const found = firstDifference(value, (live as JsonObject)[name], path === '' ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
