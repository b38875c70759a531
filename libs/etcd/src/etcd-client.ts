import type { Etcd3, ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import { CallError } from '@meshkeeper/domain/call-error';
import type { EtcdConnection } from './etcd-connection.ts';
import { openEndpoints, type EtcdEndpoints } from './etcd-endpoints.ts';
import { firstEntry, revisionOf, type EtcdEntry } from './etcd-entries.ts';
import { runTxn, type EtcdTxn, type EtcdTxnResult } from './txn.ts';
import { rangePages, type EtcdRangeResult } from './etcd-range.ts';
import { watchEvents, type EtcdWatchBatch, type EtcdWatchRequest } from './etcd-watch.ts';

/** `identity` is the cluster's id, hexadecimal as etcdctl prints it. */
export type EtcdHead = { readonly revision: bigint; readonly identity: string };

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
  txn(request: EtcdTxn): Promise<EtcdTxnResult>;
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
  const { timeoutMs = 3_500 } = options;
  const endpoints = openEndpoints(connection, timeoutMs);
  const { rootPrefix } = connection;
  return {
    rootPrefix,
    rangePrefix: (prefix, revision = 0n) => rangePages(endpoints, prefix, revision, options.pageSize ?? 500),
    watchPrefix: (request) => watchEvents(endpoints, request),
    ...keyCalls(endpoints),
    ...leaseCalls(endpoints, timeoutMs),
    readHead: async () => {
      const request = { key: Buffer.from(rootPrefix === '' ? '\0' : rootPrefix), count_only: true };
      const { header } = await endpoints.call('head', ({ etcd: { kv } }) => kv.range(request));
      return { revision: BigInt(header.revision), identity: BigInt(header.cluster_id).toString(16) };
    },
    compact: async (revision) => {
      await endpoints.call('compact', ({ etcd: { kv } }) => kv.compact({ revision: String(revision), physical: true }));
    },
    close: () => endpoints.close(),
  };
}

function keyCalls(endpoints: EtcdEndpoints): Pick<EtcdClient, 'get' | 'put' | 'delete' | 'txn'> {
  return {
    get: async (key) => {
      const request = { key: Buffer.from(key), rangeEnd: Buffer.alloc(0), limit: 0n, revision: 0n };
      const reply = await endpoints.call('get', ({ raw }) => raw.range(request));
      return { revision: revisionOf(reply.header), entry: firstEntry(reply.kvs) };
    },
    put: async (key, value, { lease = 0n } = {}) => {
      const request = { key: Buffer.from(key), value: Buffer.from(value), lease: String(lease) };
      const reply = await endpoints.call('put', ({ etcd: { kv } }) => kv.put(request));
      return BigInt(reply.header.revision);
    },
    delete: async (key) => {
      const reply = await endpoints.call('delete', ({ etcd: { kv } }) => kv.deleteRange({ key: Buffer.from(key) }));
      return { revision: BigInt(reply.header.revision), deleted: BigInt(reply.deleted) > 0n };
    },
    txn: (request) => endpoints.call('txn', (endpoint) => runTxn(endpoint, request)),
  };
}

function leaseCalls(
  endpoints: EtcdEndpoints,
  timeoutMs: number,
): Pick<EtcdClient, 'grantLease' | 'keepLeaseAlive' | 'revokeLease'> {
  return {
    grantLease: async (ttlSeconds) => {
      const { ID } = await endpoints.call('lease grant', ({ etcd: { leaseClient } }) =>
        leaseClient.leaseGrant({ TTL: ttlSeconds }),
      );
      return BigInt(ID);
    },
    keepLeaseAlive: (lease) =>
      endpoints.call('lease keepalive', ({ etcd }) => keepAliveOnce(etcd, lease, Date.now() + timeoutMs)),
    revokeLease: async (lease) => {
      await endpoints.call('lease revoke', ({ etcd: { leaseClient } }) =>
        leaseClient.leaseRevoke({ ID: String(lease) }),
      );
    },
  };
}

type KeepAliveStream = AsyncIterable<ILeaseKeepAliveResponse> & {
  write(request: ILeaseKeepAliveRequest): void;
  cancel(): void;
};

/** A stream of one message each way: a session renews every few seconds, too rarely to keep a stream's state for it. */
async function keepAliveOnce({ leaseClient }: Etcd3, lease: bigint, deadline: number): Promise<number> {
  const stream = (await leaseClient.leaseKeepAlive({ deadline })) as unknown as KeepAliveStream;
  try {
    stream.write({ ID: String(lease) });
    for await (const { TTL } of stream) return Number(TTL);
  } finally {
    stream.cancel();
  }
  throw new CallError('Transient', 'etcd ended the keepalive without an answer', { code: 'UNAVAILABLE' });
}
