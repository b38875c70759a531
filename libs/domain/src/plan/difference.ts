import type { Json, JsonObject } from '../reduce.ts';

/**
 * Where a live value is not as wanted: the path of the first such field, undefined when all that is wanted is there. Fields that are
 * not wanted belong to others: the server's defaults, other managers. Lists of named items compare by position and length, as they
 * are wanted in full; maps compare by what is wanted of them.
 */
export function firstDifference(wanted: Json, live: Json, path = ''): string | undefined {
  if (Array.isArray(wanted)) return listDifference(wanted as readonly Json[], live, path);
  if (typeof wanted === 'object' && wanted !== null) return mapDifference(wanted as JsonObject, live, path);
  return wanted === live ? undefined : path;
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
  if (typeof live !== 'object' || live === null || Array.isArray(live))
    return fields.length === 0 && live === undefined ? undefined : path;
  for (const [name, value] of fields) {
    const found = firstDifference(value, (live as JsonObject)[name], path === '' ? name : `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
