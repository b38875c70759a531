import { FIELD_MANAGER, firstDifference, type Json, type JsonObject, type KubeObject } from '@meshkeeper/domain';
import { isEmpty, isServerDefault } from './server-defaults.ts';

/** The fields that an apply owns, as `fieldsV1` has them: what is below an empty one is owned whole. */
type Owned = JsonObject | 'all' | undefined;

/**
 * Of a live object what is ours: the fields that are wanted, and those that our next apply takes away since we own them and want them
 * no more. A value that is as good as the wanted one is spelt like it. What the server itself would put back is left out, and so is
 * what belongs to others. `adopted` is the manager whose fields become ours first.
 */
export function managedFieldsOf(wanted: KubeObject, live: KubeObject, adopted: string | undefined): KubeObject {
  return shown(wanted as JsonObject, live as JsonObject, ownedFields(live, adopted), '') as KubeObject;
}

function ownedFields({ metadata }: KubeObject, adopted: string | undefined): Owned {
  const isOurs = ({ manager, operation, subresource }: JsonObject): boolean =>
    subresource === undefined &&
    (operation === 'Apply' ? manager === FIELD_MANAGER : adopted !== undefined && manager === adopted);
  return metadata.managedFields?.find(isOurs)?.['fieldsV1'] as JsonObject | undefined;
}

function shown(wanted: Json, live: Json, owned: Owned, path: string): Json {
  if (isList(wanted) && isList(live)) {
    return live.map((item, i) => {
      const matching = matchingItem(item, i, wanted);
      return matching === undefined ? item : shown(matching, item, ownedItem(owned, item), `${path}[${i}]`);
    });
  }
  if (isMap(wanted) && isMap(live)) return shownMap(wanted, live, owned, path);
  return firstDifference(wanted, live, path) === undefined ? wanted : live;
}

/** In the order of what is wanted, so that lines meet. */
function shownMap(wanted: JsonObject, live: JsonObject, owned: Owned, path: string): JsonObject {
  const names = Object.keys(wanted).filter((name) => wanted[name] !== undefined);
  const more = Object.keys(live).filter((name) => wanted[name] === undefined);
  return defined([
    ...names.map((name): Field => [name, shown(wanted[name], live[name], child(owned, name), `${path}.${name}`)]),
    ...more.map((name): Field => [
      name,
      leftOver(name, { ...live, ...wanted, [name]: live[name] }, child(owned, name)),
    ]),
  ]);
}

/** What is owned of a field that is no longer wanted; `beside` is the map that contains it. */
function leftOver(name: string, beside: JsonObject, owned: Owned): Json {
  const value = beside[name];
  if (owned === undefined || isServerDefault(name, value, beside)) return undefined;
  if (!isMap(value)) return value;
  const fields = Object.keys(value).map((each): Field => [each, leftOver(each, value, child(owned, each))]);
  const left = defined(fields);
  return isEmpty(left) ? undefined : left;
}

type Field = readonly [name: string, value: Json];

function defined(fields: readonly Field[]): JsonObject {
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function child(owned: Owned, name: string): Owned {
  return below(owned, `f:${name}`);
}

/** Items of a list are owned by the fields that distinguish them: `k:{"name":"mm"}`. */
function ownedItem(owned: Owned, item: Json): Owned {
  if (typeof owned !== 'object' || !isMap(item)) return owned;
  const isOf = (key: string): boolean =>
    key.startsWith('k:') &&
    Object.entries(JSON.parse(key.slice(2)) as JsonObject).every(([name, value]) => item[name] === value);
  const key = Object.keys(owned).find(isOf);
  return key === undefined ? undefined : below(owned, key);
}

function below(owned: Owned, key: string): Owned {
  if (typeof owned !== 'object') return owned;
  const found = owned[key];
  return isEmpty(found) && found !== undefined ? 'all' : (found as Owned);
}

/** The wanted item that a live one is compared with: that of its name, else the one in its place. */
function matchingItem(item: Json, i: number, wanted: readonly Json[]): Json {
  const name = isMap(item) ? item['name'] : undefined;
  return name === undefined ? wanted[i] : wanted.find((each) => isMap(each) && each['name'] === name);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
