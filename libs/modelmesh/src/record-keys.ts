/** The tables of a mesh in etcd. `config` is the operator's: plain text. */
export const RECORD_TABLES = ['registry', 'vmodels', 'instances', 'leaderLatch', 'config'] as const;
export type RecordTable = (typeof RECORD_TABLES)[number];

/** MM_KVSTORE_PREFIX of every pod that the controller renders. */
export const KV_PREFIX = 'mm';

/** One mesh's place in etcd. */
export type MeshScope = {
  /** As in the connection's JSON; for a namespace other than the controller's, see `namespacedRootPrefix`. */
  readonly rootPrefix: string;
  /** MM_KVSTORE_PREFIX, `mm` in a serving cluster. */
  readonly kvPrefix: string;
  /** MM_SERVICE_NAME. */
  readonly service: string;
};

export type ParsedRecordKey = {
  /** Absent for the controller's own namespace. */
  readonly namespace: string | undefined;
  readonly kvPrefix: string;
  readonly service: string;
  readonly table: RecordTable;
  /** Raw: it may hold `/`, and one of `leaderLatch` starts with `_`. */
  readonly id: string;
};

/** The root prefix that the controller writes into another namespace's copy of the Secret. */
export function namespacedRootPrefix(rootPrefix: string, namespace: string): string {
  return `${rootPrefix}/mm_ns/${namespace}`;
}

/** The prefix of all ids of one table, with its closing `/`. */
export function recordPrefix(scope: MeshScope, table: RecordTable): string {
  return `${scope.rootPrefix}/${scope.kvPrefix}/${scope.service}/${table}/`;
}

export function recordKey(scope: MeshScope, table: RecordTable, id: string): string {
  return recordPrefix(scope, table) + id;
}

/** The instance id of a pod: the last 12 characters of its name. */
export function instanceIdOf(podName: string): string {
  return podName.slice(-12);
}

function isTable(text: string | undefined): text is RecordTable {
  return (RECORD_TABLES as readonly (string | undefined)[]).includes(text);
}

/** Takes a key apart; undefined for any key that is no record of a mesh below `rootPrefix`. */
export function parseRecordKey(rootPrefix: string, key: string): ParsedRecordKey | undefined {
  if (!key.startsWith(`${rootPrefix}/`)) return undefined;
  const rest = key.slice(rootPrefix.length + 1);
  const other = /^mm_ns\/([^/]+)\//.exec(rest);
  const [kvPrefix, service, table, ...id] = rest.slice(other?.[0].length ?? 0).split('/');
  if (!kvPrefix || !service || !isTable(table) || id.join('/') === '') return undefined;
  return { namespace: other?.[1], kvPrefix, service, table, id: id.join('/') };
}
