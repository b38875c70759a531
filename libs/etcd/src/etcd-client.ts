import { CallError } from '@meshkeeper/domain/call-error';
import type { EtcdConnection } from './etcd-connection.ts';
import { createEtcdTransport, type EtcdTransport } from './etcd-transport.ts';
import { revisionOf, toEntry, type EtcdEntry, type EtcdRangeResult } from './etcd-entries.ts';
import { rangePages, watchEvents, type EtcdWatchBatch, type EtcdWatchRequest } from './etcd-watch.ts';
import type { KeyValue } from './gen/etcd/kv.ts';
import { Compare_CompareResult, Compare_CompareTarget, type Compare, type RequestOp } from './gen/etcd/rpc.ts';

/** `identity` is the cluster's id, hexadecimal as etcdctl prints it. */
export type EtcdHead = { readonly revision: bigint; readonly identity: string };

/** Holds when the key's last change has this revision; 0n: the key does not exist. */
export type EtcdCompare = { readonly key: string; readonly modRevision: bigint };

export type EtcdOp =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease?: bigint }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string };

export type EtcdTxnResult = {
  readonly succeeded: boolean;
  readonly revision: bigint;
  /** What the `get` operations of the branch taken found, in order. */
  readonly gets: readonly (EtcdEntry | undefined)[];
};

/** Every call throws CallError; a compacted revision is `Conflict` with code OUT_OF_RANGE. */
export type EtcdClient = {
  readonly rootPrefix: string;
  get(key: string): Promise<{ readonly revision: bigint; readonly entry: EtcdEntry | undefined }>;
  /** All entries whose key starts with `prefix`, in pages that all show the same revision: the given one, or the head's. */
  rangePrefix(prefix: string, revision?: bigint): AsyncIterable<EtcdRangeResult>;
  /** Ends when `signal` is aborted, or after a `compacted` batch; any other end throws. */
  watchPrefix(request: EtcdWatchRequest): AsyncIterable<EtcdWatchBatch>;
  put(key: string, value: string, options?: { readonly lease?: bigint }): Promise<bigint>;
  delete(key: string): Promise<{ readonly revision: bigint; readonly deleted: boolean }>;
  /** `success` when all compares hold, else `failure`: one revision for all that it changes. */
  txn(request: {
    readonly compare: readonly EtcdCompare[];
    readonly success: readonly EtcdOp[];
    readonly failure?: readonly EtcdOp[];
  }): Promise<EtcdTxnResult>;
  grantLease(ttlSeconds: number): Promise<bigint>;
  /** The seconds that the lease has again; 0 when it is gone. */
  keepLeaseAlive(lease: bigint): Promise<number>;
  revokeLease(lease: bigint): Promise<void>;
  /** A linearizable read of where the store stands. */
  readHead(): Promise<EtcdHead>;
  /** Forgets what was before `revision`, for every client of this etcd. */
  compact(revision: bigint): Promise<void>;
  close(): void;
};

export type EtcdClientOptions = {
  /** Deadline of a unary call. */
  readonly timeoutMs?: number;
  readonly pageSize?: number;
};

/** Connects lazily: an unreachable etcd shows at the first call. */
export function createEtcdClient(connection: EtcdConnection, options: EtcdClientOptions = {}): EtcdClient {
  const transport = createEtcdTransport(connection, options.timeoutMs ?? 3_500);
  const { rootPrefix } = connection;
  return {
    rootPrefix,
    rangePrefix: (prefix, revision = 0n) => rangePages(transport, prefix, revision, options.pageSize ?? 500),
    watchPrefix: (request) => watchEvents(transport, request),
    ...keyCalls(transport),
    ...leaseCalls(transport),
    readHead: async () => {
      const request = { key: Buffer.from(rootPrefix === '' ? '\0' : rootPrefix), countOnly: true };
      const reply = await transport.unary('head', ({ kv }, signal) => kv.range(request, { signal }));
      return { revision: revisionOf(reply.header), identity: (reply.header?.clusterId ?? 0n).toString(16) };
    },
    compact: async (revision) => {
      await transport.unary('compact', ({ kv }, signal) => kv.compact({ revision, physical: true }, { signal }));
    },
    close: () => transport.close(),
  };
}

function keyCalls(transport: EtcdTransport): Pick<EtcdClient, 'get' | 'put' | 'delete' | 'txn'> {
  return {
    get: async (key) => {
      const reply = await transport.unary('get', ({ kv }, signal) => kv.range({ key: Buffer.from(key) }, { signal }));
      return { revision: revisionOf(reply.header), entry: firstEntry(reply.kvs) };
    },
    put: async (key, value, { lease = 0n } = {}) => {
      const request = { key: Buffer.from(key), value: Buffer.from(value), lease };
      const reply = await transport.unary('put', ({ kv }, signal) => kv.put(request, { signal }));
      return revisionOf(reply.header);
    },
    delete: async (key) => {
      const reply = await transport.unary('delete', ({ kv }, signal) =>
        kv.deleteRange({ key: Buffer.from(key) }, { signal }),
      );
      return { revision: revisionOf(reply.header), deleted: reply.deleted > 0n };
    },
    txn: async ({ compare, success, failure = [] }) => {
      const request = {
        compare: compare.map(toCompare),
        success: success.map(toRequestOp),
        failure: failure.map(toRequestOp),
      };
      const reply = await transport.txn(request);
      const gets = reply.responses.flatMap(({ response }) =>
        response?.$case === 'responseRange' ? [firstEntry(response.value.kvs)] : [],
      );
      return { succeeded: reply.succeeded, revision: revisionOf(reply.header), gets };
    },
  };
}

function leaseCalls(transport: EtcdTransport): Pick<EtcdClient, 'grantLease' | 'keepLeaseAlive' | 'revokeLease'> {
  return {
    grantLease: async (ttlSeconds) => {
      const reply = await transport.unary('lease grant', ({ lease }, signal) =>
        lease.leaseGrant({ TTL: BigInt(ttlSeconds) }, { signal }),
      );
      return reply.ID;
    },
    keepLeaseAlive: (lease) =>
      transport.unary('lease keepalive', (services, signal) => keepAliveOnce(services.lease, lease, signal)),
    revokeLease: async (lease) => {
      await transport.unary('lease revoke', (services, signal) =>
        services.lease.leaseRevoke({ ID: lease }, { signal }),
      );
    },
  };
}

/** A stream of one message each way: a session renews every few seconds, too rarely to keep a stream's state for it. */
async function keepAliveOnce(
  client: { leaseKeepAlive: ReturnType<EtcdTransport['current']>['lease']['leaseKeepAlive'] },
  lease: bigint,
  signal: AbortSignal,
): Promise<number> {
  const requests = async function* () {
    yield { ID: lease };
  };
  for await (const reply of client.leaseKeepAlive(requests(), { signal })) return Number(reply.TTL);
  throw new CallError('Transient', 'etcd ended the keepalive without an answer', { code: 'UNAVAILABLE' });
}

function firstEntry(kvs: readonly KeyValue[]): EtcdEntry | undefined {
  const first = kvs[0];
  return first === undefined ? undefined : toEntry(first);
}

function toCompare({ key, modRevision }: EtcdCompare): Compare {
  return {
    key: Buffer.from(key),
    result: Compare_CompareResult.EQUAL,
    target: Compare_CompareTarget.MOD,
    targetUnion: { $case: 'modRevision', value: modRevision },
  };
}

function toRequestOp(op: EtcdOp): RequestOp {
  const key = Buffer.from(op.key);
  const rangeEnd = Buffer.alloc(0);
  if (op.kind === 'put') {
    return { request: { $case: 'requestPut', value: { key, value: Buffer.from(op.value), lease: op.lease ?? 0n } } };
  }
  if (op.kind === 'delete') return { request: { $case: 'requestDeleteRange', value: { key, rangeEnd } } };
  const range = { key, rangeEnd, limit: 0n, revision: 0n, serializable: false, keysOnly: false, countOnly: false };
  return { request: { $case: 'requestRange', value: range } };
}
