import { asObject, FIELD_MANAGER, type Json, type JsonObject, type KubeObject } from '@meshkeeper/domain';
import { isServerDefault } from '@meshkeeper/kubernetes';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The live object as `kubectl apply` of the file's would leave it, on either side: fields of the file take the place of live ones,
 * fields that the last apply gave and the file no longer has are taken away, and the rest stays. Identity, status and resourceVersion
 * stay the live one's.
 */
export function applyOnto(file: KubeObject, live: KubeObject): KubeObject {
  const { uid: _uid, resourceVersion: _revision, managedFields: _managed, ...metadata } = file.metadata;
  const { status: _status, ...given } = file;
  return merge({ ...given, metadata }, live as Json, lastApplied(live)) as KubeObject;
}

/** What the last apply gave: the annotation of one on the client's side, else the fields of those on the server's. */
function lastApplied({ metadata }: KubeObject): JsonObject {
  const text = metadata.annotations?.[LAST_APPLIED];
  if (text !== undefined) return parsed(text);
  const applies = (metadata.managedFields ?? []).filter(
    ({ manager, operation }) => operation === 'Apply' && manager !== FIELD_MANAGER,
  );
  return applies.map(({ fieldsV1 }) => namesIn(asObject(fieldsV1))).reduce(union, {});
}

function parsed(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** `{"f:spec": {"f:replicas": {}}}` as `{spec: {replicas: {}}}`: that a field was given is all that counts. */
function namesIn(fields: JsonObject): JsonObject {
  const named = Object.entries(fields).filter(([key]) => key.startsWith('f:'));
  return Object.fromEntries(named.map(([key, below]) => [key.slice('f:'.length), namesIn(asObject(below))]));
}

function union(a: JsonObject, b: JsonObject): JsonObject {
  const both = Object.entries(b).map(([name, value]) => [name, union(asObject(a[name]), asObject(value))]);
  return { ...a, ...Object.fromEntries(both) };
}

function merge(file: Json, live: Json, last: Json): Json {
  if (!isMap(file) || !isMap(live)) return withDefaults(file, live);
  const before = asObject(last);
  const kept = Object.entries(live).filter(([name]) => file[name] === undefined && before[name] === undefined);
  const given = Object.entries(file).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...kept, ...given.map(([name, value]) => [name, merge(value, live[name], before[name])])]);
}

/** Lists are replaced whole, and the server adds its defaults to their items again. */
function withDefaults(file: Json, live: Json): Json {
  if (Array.isArray(file) && Array.isArray(live))
    return (file as readonly Json[]).map((item, i) =>
      withDefaults(item, matchingItem(item, i, live as readonly Json[])),
    );
  if (!isMap(file) || !isMap(live)) return file;
  const beside = { ...live, ...file };
  const added = Object.entries(live).filter(
    ([name, value]) => file[name] === undefined && isServerDefault(name, value, beside),
  );
  const given = Object.entries(file).map(([name, value]) => [name, withDefaults(value, live[name])] as const);
  return Object.fromEntries([...given, ...added]);
}

/** The live item of the same name, else the one in the same place. */
function matchingItem(item: Json, i: number, live: readonly Json[]): Json {
  const name = asObject(item)['name'];
  return name === undefined ? live[i] : live.find((each) => asObject(each)['name'] === name);
}

function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
