import {
  parseInstanceRecord,
  parseModelRecord,
  parseRecordKey,
  parseVModelRecord,
  recordPrefix,
  type InstanceRecord,
  type MeshScope,
  type ModelRecord,
  type Parsed,
  type RecordTable,
  type VModelRecord,
} from '@meshkeeper/modelmesh';
import { isLoadedOn } from '../rules/model-record.ts';

/** One record as it is known; `modRevision` is what a write compares with. */
export type Stored<R> = Parsed<R> & { readonly modRevision: bigint; readonly createRevision: bigint };

type RecordTypes = {
  registry: ModelRecord;
  vmodels: VModelRecord;
  instances: InstanceRecord;
  leaderLatch: string;
  config: string;
};
type Tables = { readonly [T in RecordTable]: Map<string, Stored<RecordTypes[T]>> };

/** An entry of etcd; without a value: the key is known to be absent at `modRevision`. */
export type Seen = {
  readonly key: string;
  readonly value: string | undefined;
  readonly modRevision: bigint;
  readonly createRevision: bigint;
};

export type Changed = { readonly table: RecordTable; readonly id: string };

const parsers: { readonly [T in RecordTable]: (text: string) => Parsed<RecordTypes[T]> } = {
  registry: parseModelRecord,
  vmodels: parseVModelRecord,
  instances: parseInstanceRecord,
  leaderLatch: (text) => ({ kind: 'record', record: text }),
  config: (text) => ({ kind: 'record', record: text }),
};

/**
 * All records of one mesh, in memory. Fed by the watch and by the answers of own writes, in any order: for each key the
 * highest revision stands. Listeners hear of a batch after all of it is applied, so they never see half a transaction.
 */
export type ClusterView = {
  readonly scope: MeshScope;
  readonly tables: { readonly [T in RecordTable]: ReadonlyMap<string, Stored<RecordTypes[T]>> };
  /** Models that an instance holds or is assigned. */
  copiesOn(iid: string): ReadonlySet<string>;
  /** How many of those it has not loaded yet. */
  loadingOn(iid: string): number;
  fold(seen: readonly Seen[]): void;
  /** Applies a complete list. It is right about everything but what is newer than itself: what it lacks is gone. */
  replace(revision: bigint, seen: readonly Seen[]): void;
  /** The watch has shown everything up to `revision`. */
  reached(revision: bigint): void;
  /** The highest revision of any record that is known, our own writes included. */
  highest(): bigint;
  /** The store was replaced: its revisions do not compare with those known. */
  forgetRevisions(): void;
  onChange(listener: (changed: readonly Changed[]) => void): () => void;
};

type State = {
  readonly scope: MeshScope;
  readonly tables: Tables;
  readonly copies: Map<string, Set<string>>;
  readonly loading: Map<string, number>;
  /** Revisions of deletions that the watch has not shown yet: an older write may still arrive. */
  readonly tombstones: Map<string, bigint>;
  readonly listeners: Set<(changed: readonly Changed[]) => void>;
};

const NO_COPIES: ReadonlySet<string> = new Set();

export function createClusterView(scope: MeshScope): ClusterView {
  const tables: Tables = {
    registry: new Map(),
    vmodels: new Map(),
    instances: new Map(),
    leaderLatch: new Map(),
    config: new Map(),
  };
  const state: State = {
    scope,
    tables,
    copies: new Map(),
    loading: new Map(),
    tombstones: new Map(),
    listeners: new Set(),
  };
  return {
    scope,
    tables,
    copiesOn: (iid) => state.copies.get(iid) ?? NO_COPIES,
    loadingOn: (iid) => state.loading.get(iid) ?? 0,
    fold: (seen) => notify(state, applyAll(state, seen)),
    replace: (revision, seen) => notify(state, applyList(state, revision, seen)),
    reached: (revision) => {
      for (const [key, deleted] of state.tombstones) if (deleted <= revision) state.tombstones.delete(key);
    },
    highest: () =>
      [...knownRows(state)].reduce(
        (highest, [, , , { modRevision }]) => (modRevision > highest ? modRevision : highest),
        0n,
      ),
    forgetRevisions: () => forgetRevisions(state),
    onChange: (listener) => {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
  };
}

function notify(state: State, changed: readonly Changed[]): void {
  if (changed.length === 0) return;
  for (const listener of state.listeners) listener(changed);
}

function applyAll(state: State, seen: readonly Seen[]): readonly Changed[] {
  return seen.flatMap((entry) => {
    const parsed = parseRecordKey(state.scope.rootPrefix, entry.key);
    if (parsed === undefined || !applies(state, parsed, entry)) return [];
    const { table, id } = parsed;
    apply(state, { table, id }, entry);
    return [{ table, id }];
  });
}

function applies(state: State, { table, id }: Changed, { key, modRevision, value }: Seen): boolean {
  const known = state.tables[table].get(id);
  if (known !== undefined) return modRevision > known.modRevision;
  return value !== undefined && modRevision > (state.tombstones.get(key) ?? -1n);
}

function apply(state: State, { table, id }: Changed, { key, value, modRevision, createRevision }: Seen): void {
  const rows = state.tables[table] as Map<string, Stored<unknown>>;
  if (table === 'registry') unindex(state, id);
  if (value === undefined) {
    rows.delete(id);
    state.tombstones.set(key, modRevision);
    return;
  }
  rows.set(id, { ...parsers[table](value), modRevision, createRevision });
  if (table === 'registry') index(state, id);
}

function unindex(state: State, modelId: string): void {
  const stored = state.tables.registry.get(modelId);
  if (stored?.kind !== 'record') return;
  for (const iid of Object.keys(stored.record.instanceIds)) {
    state.copies.get(iid)?.delete(modelId);
    if (!isLoadedOn(stored.record, iid)) state.loading.set(iid, (state.loading.get(iid) ?? 0) - 1);
  }
}

function index(state: State, modelId: string): void {
  const stored = state.tables.registry.get(modelId);
  if (stored?.kind !== 'record') return;
  for (const iid of Object.keys(stored.record.instanceIds)) {
    const models = state.copies.get(iid) ?? new Set();
    state.copies.set(iid, models.add(modelId));
    if (!isLoadedOn(stored.record, iid)) state.loading.set(iid, (state.loading.get(iid) ?? 0) + 1);
  }
}

/**
 * Within one history a list never shows less of a record than is known. Where it does, the store was restored from a copy and has counted
 * past what is known, so that its head alone does not show it.
 */
function applyList(state: State, revision: bigint, seen: readonly Seen[]): readonly Changed[] {
  const listed = new Map(seen.map(({ key, modRevision }) => [key, modRevision]));
  for (const [key, rows, id, stored] of knownRows(state)) {
    if (stored.modRevision <= revision && stored.modRevision !== listed.get(key))
      rows.set(id, { ...stored, modRevision: -1n });
  }
  for (const [key, deleted] of state.tombstones) if (deleted <= revision) state.tombstones.delete(key);
  return applyAll(state, [...seen, ...missing(state, revision, seen)]);
}

function* knownRows(state: State): Generator<readonly [string, Map<string, Stored<unknown>>, string, Stored<unknown>]> {
  for (const table of Object.keys(state.tables) as RecordTable[]) {
    const rows = state.tables[table] as Map<string, Stored<unknown>>;
    for (const [id, stored] of rows) yield [recordPrefix(state.scope, table) + id, rows, id, stored];
  }
}

/** What is known and not in the list, as absent at the list's revision. */
function missing(state: State, revision: bigint, seen: readonly Seen[]): readonly Seen[] {
  const listed = new Set(seen.map(({ key }) => key));
  return [...knownRows(state)]
    .filter(([key, , , { modRevision }]) => !listed.has(key) && modRevision <= revision)
    .map(([key]) => ({ key, value: undefined, modRevision: revision, createRevision: 0n }));
}

function forgetRevisions(state: State): void {
  state.tombstones.clear();
  for (const rows of Object.values(state.tables) as Map<string, Stored<unknown>>[]) {
    for (const [id, stored] of rows) rows.set(id, { ...stored, modRevision: -1n });
  }
}

/** Undefined for an instance that is not there, and for a record that cannot be read. */
export function instanceOf(view: ClusterView, iid: string): InstanceRecord | undefined {
  const stored = view.tables.instances.get(iid);
  return stored?.kind === 'record' ? stored.record : undefined;
}
