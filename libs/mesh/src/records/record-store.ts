import { CallError } from '@meshkeeper/domain';
import {
  encodeModelRecord,
  encodeVModelRecord,
  recordKey,
  type ModelRecord,
  type VModelRecord,
} from '@meshkeeper/modelmesh';
import type { EtcdClient, EtcdEntry, EtcdOp } from '@meshkeeper/etcd';
import type { ClusterView, Seen } from './cluster-view.ts';
import type { RecordChange } from '../rules/vmodels.ts';

/** A record that a decision rests on. */
export type RecordRef = { readonly table: 'registry' | 'vmodels'; readonly id: string };

/**
 * Reads and writes of models and vmodels. Both fold etcd's answer into the view immediately, so that the caller sees its
 * own writes without waiting for the watch. Throws CallError; a record that cannot be read is INTERNAL.
 */
export type RecordStore = {
  /** Reads from etcd, in one revision. */
  read(refs: readonly RecordRef[]): Promise<void>;
  /** One transaction that holds only if everything `basis` names is as the view has it. False: the view is current again. */
  commit(basis: readonly RecordRef[], changes: readonly RecordChange[]): Promise<boolean>;
  /** Undefined when absent. */
  model(id: string): ModelRecord | undefined;
  vmodel(id: string): VModelRecord | undefined;
};

/** Losing this often in a row is more than contention. */
const MAX_TRIES = 50;

export function createRecordStore(etcd: EtcdClient, view: ClusterView): RecordStore {
  const keyOf = ({ table, id }: RecordRef) => recordKey(view.scope, table, id);
  const get = (ref: RecordRef): EtcdOp => ({ kind: 'get', key: keyOf(ref) });
  const revisionsOf = (refs: readonly RecordRef[]) =>
    refs.map((ref) => view.tables[ref.table].get(ref.id)?.modRevision ?? 0n);
  /** `known` is what was known before etcd was asked: within one history its answer is never older. */
  const believe = (seen: readonly Seen[], known: readonly bigint[]): void => {
    if (seen.some(({ modRevision }, i) => modRevision < (known[i] ?? 0n))) view.forgetRevisions();
    view.fold(seen);
  };
  return {
    read: async (refs) => {
      const known = revisionsOf(refs);
      const result = await etcd.txn({ compare: [], success: refs.map(get) });
      believe(toSeen(refs.map(keyOf), result.gets, result.revision), known);
    },
    commit: async (basis, changes) => {
      const known = revisionsOf(basis);
      const compare = basis.map((ref, i) => ({ key: keyOf(ref), modRevision: known[i] ?? 0n }));
      const created = new Map(changes.map((ref) => [keyOf(ref), view.tables[ref.table].get(ref.id)?.createRevision]));
      const success = changes.map((change) => toOp(keyOf(change), change));
      const result = await etcd.txn({ compare, success, failure: basis.map(get) });
      if (!result.succeeded) {
        believe(toSeen(basis.map(keyOf), result.gets, result.revision), known);
        return false;
      }
      view.fold(
        success.map((op) => ({
          key: op.key,
          value: op.kind === 'put' ? op.value : undefined,
          modRevision: result.revision,
          createRevision: created.get(op.key) ?? result.revision,
        })),
      );
      return true;
    },
    model: (id) => recordOf(view.tables.registry.get(id), `model ${id}`),
    vmodel: (id) => recordOf(view.tables.vmodels.get(id), `vmodel ${id}`),
  };
}

function recordOf<R>(
  stored: ({ kind: 'record'; record: R } | { kind: 'malformed'; reason: string }) | undefined,
  what: string,
): R | undefined {
  if (stored?.kind !== 'malformed') return stored?.record;
  throw new CallError('Terminal', `The record of ${what} is malformed. ${stored.reason}`, { code: 'INTERNAL' });
}

function toSeen(
  keys: readonly string[],
  entries: readonly (EtcdEntry | undefined)[],
  revision: bigint,
): readonly Seen[] {
  return keys.map(
    (key, index) => entries[index] ?? { key, value: undefined, modRevision: revision, createRevision: 0n },
  );
}

function toOp(key: string, change: RecordChange): EtcdOp {
  if (change.record === undefined) return { kind: 'delete', key };
  const value = change.table === 'registry' ? encodeModelRecord(change.record) : encodeVModelRecord(change.record);
  return { kind: 'put', key, value };
}

/** What is to be written, and the records that this rests on, by the view as it is when asked. */
export type Decide<D> = () => {
  readonly basis: readonly RecordRef[];
  readonly changes: readonly RecordChange[];
  readonly decision: D;
};

/**
 * Decides on the current records and writes, repeatedly until no other writer comes first.
 * @throws CallError Transient with code ABORTED after many conflicts in a row.
 */
export async function commitUntilStored<D>(store: RecordStore, decide: Decide<D>): Promise<D> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const { basis, changes, decision } = decide();
    if (changes.length === 0 || (await store.commit(basis, changes))) return decision;
  }
  throw new CallError('Transient', `The records changed ${MAX_TRIES} times in the meantime`, { code: 'ABORTED' });
}

/** Changes one model; `change` gives undefined to leave it as it is. The view may be behind: the write finds out. */
export async function changeModel(
  store: RecordStore,
  id: string,
  change: (record: ModelRecord) => ModelRecord | undefined,
): Promise<ModelRecord | undefined> {
  return commitUntilStored(store, () => {
    const current = store.model(id);
    const record = current === undefined ? undefined : change(current);
    const changes: readonly RecordChange[] = record === undefined ? [] : [{ table: 'registry', id, record }];
    return { basis: [{ table: 'registry', id }], changes, decision: record ?? current };
  });
}
