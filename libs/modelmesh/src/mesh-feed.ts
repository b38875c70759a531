import { setTimeout as delay } from 'node:timers/promises';
import {
  CallError,
  MESH_SOURCE,
  toRecordChange,
  type Change,
  type MeshTable,
  type ServerHead,
  type SourceFeed,
} from '@meshkeeper/domain';
import type { EtcdClient } from '@meshkeeper/etcd';
import { KV_PREFIX, parseRecordKey } from './record-keys.ts';

export type MeshFeedOptions = {
  readonly etcd: EtcdClient;
  /** The controller's own namespace, whose mesh keeps its records directly under the root prefix. */
  readonly ownNamespace: string;
  /** The name of the inference Service as of now, which is part of every key. Throws CallError while it is not known. */
  readonly readService: () => Promise<string>;
  /** How often a watch asks whether that name is another one. */
  readonly lookEveryMs?: number;
};

/**
 * The VModel and registry records of all meshes under one root prefix, as one source. Under another name of the inference Service they
 * are other meshes: it is part of the identity, and a list or watch under the old one has to start over.
 */
export function createMeshFeed(options: MeshFeedOptions): SourceFeed {
  const { etcd, readService } = options;
  const prefix = `${etcd.rootPrefix}/`;
  /** What the source was opened with: an epoch holds records of one name only. */
  let service = '';
  return {
    source: MESH_SOURCE,
    async readHead(): Promise<ServerHead> {
      service = await readService();
      const { revision, identity } = await etcd.readHead();
      return { head: String(revision), identity: `${identity}/${service}` };
    },
    async *list() {
      const toChanges = changesOf(options, service);
      const renamed = await renameOf(options, service);
      if (renamed !== undefined) throw renamed;
      for await (const { revision, entries } of etcd.rangePrefix(prefix)) {
        const changes = entries.flatMap(({ key, value, modRevision }) => toChanges(key, value, modRevision));
        yield { revision: String(revision), changes };
      }
    },
    async *watch(from, signal) {
      const toChanges = changesOf(options, service);
      const name = followName(options, service, signal);
      try {
        for await (const batch of etcd.watchPrefix({ prefix, fromRevision: BigInt(from) + 1n, signal: name.signal })) {
          if (batch.kind === 'compacted')
            throw new CallError('Gone', `etcd has compacted revision ${from}`, { code: 'Compacted' });
          // A progress answer may run ahead of events still to come: it proves that the watch lives, and moves no cursor.
          const events = batch.kind === 'events' ? batch.events : [];
          from = batch.kind === 'events' ? String(batch.revision) : from;
          const changes = events.flatMap(({ kind, key, value, modRevision }) =>
            toChanges(key, kind === 'put' ? value : undefined, modRevision),
          );
          yield { to: from, changes };
        }
      } finally {
        name.stop();
      }
      const renamed = name.renamed();
      if (renamed !== undefined) throw renamed;
    },
  };
}

/** Ends a watch when the name changes. While the name cannot be read, it is assumed to be unchanged. */
function followName(options: MeshFeedOptions, service: string, signal: AbortSignal) {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let renamed: CallError | undefined;
  const look = async (): Promise<void> => {
    while (!either.aborted) {
      renamed = await renameOf(options, service);
      if (renamed !== undefined) return stop.abort();
      await delay(options.lookEveryMs ?? 1_000, undefined, { signal: either }).catch(() => undefined);
    }
  };
  void look();
  return { signal: either, renamed: () => renamed, stop: () => stop.abort() };
}

async function renameOf({ readService }: MeshFeedOptions, service: string): Promise<CallError | undefined> {
  const now = await readService().catch(() => service);
  if (now === service) return undefined;
  return new CallError('Transient', `The inference Service is called ${now} now, no longer ${service}`, {
    code: 'ServiceRenamed',
  });
}

type ToChanges = (key: string, value: string | undefined, revision: bigint) => Change[];

/** None when the key is no VModel or model of a mesh of ours: instances and leaders come and go in the same range. */
function changesOf({ etcd, ownNamespace }: MeshFeedOptions, service: string): ToChanges {
  return (key, value, revision) => {
    const parsed = parseRecordKey(etcd.rootPrefix, key);
    if (parsed === undefined || parsed.service !== service || parsed.kvPrefix !== KV_PREFIX) return [];
    if (parsed.table !== 'vmodels' && parsed.table !== 'registry') return [];
    const table: MeshTable = parsed.table;
    const namespace = parsed.namespace ?? ownNamespace;
    return [toRecordChange({ namespace, table, id: parsed.id, value, revision: String(revision) })];
  };
}
