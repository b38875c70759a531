import { setTimeout as sleep } from 'node:timers/promises';
import { classifyError, messageOf } from '@meshkeeper/domain';
import { encodeInstanceRecord, recordKey, type InstanceRecord, type MeshScope } from '@meshkeeper/modelmesh';
import type { EtcdClient } from '@meshkeeper/etcd';
import type { Logger } from '@meshkeeper/process';

/** As the original grants it. */
const TTL_SECONDS = 25;
const KEEPALIVE_MS = 5_000;
const RETRY_MS = 250;
/** The instance record is a load summary: others need it soon, not always. */
const PUBLISH_MS = 2_000;

/**
 * This instance's presence in etcd: its record and its leader latch, hanging on one lease that is kept alive, and made
 * again when it is lost.
 */
export type Session = {
  /** Resolves once both keys stand. */
  readonly ready: Promise<void>;
  /** The record changed: write it, at the latest in 2 s. */
  publish(): void;
  /** Writes the record immediately. @throws CallError */
  publishNow(): Promise<void>;
  /** Called when our record vanishes: checks the lease now. */
  checkNow(): void;
  /** False once the lease may have run out, by the local clock: etcd cannot report it while it is away. */
  isAlive(): boolean;
  /** Gives the lease back: both keys go in one revision. */
  stop(): Promise<void>;
};

export type SessionOptions = {
  readonly etcd: EtcdClient;
  readonly scope: MeshScope;
  readonly instanceId: string;
  readonly record: () => InstanceRecord;
  readonly logger: Logger;
};

export function startSession(options: SessionOptions): Session {
  const { etcd } = options;
  const ready = Promise.withResolvers<void>();
  const stop = new AbortController();
  const state: LeaseState = {
    lease: undefined,
    aliveUntil: 0,
    written: '',
    writing: Promise.resolve(),
    wake: () => undefined,
  };
  const publishNow = async () => {
    if (state.lease !== undefined) await putRecord(options, state, state.lease);
  };
  const publishing = throttle(() => {
    publishNow().catch((error: unknown) => {
      // The lease is gone: the loop makes a new one, and writes the record with it.
      if (classifyError(error) === 'Gone') state.lease = undefined;
      state.wake();
    });
  });
  const done = keepSession(options, state, stop.signal, ready.resolve);
  return {
    ready: ready.promise,
    publish: () => publishing.request(),
    publishNow,
    checkNow: () => {
      state.wake();
      publishing.request();
    },
    isAlive: () => performance.now() < state.aliveUntil,
    stop: async () => {
      publishing.cancel();
      stop.abort();
      await done;
      const { lease } = state;
      state.aliveUntil = 0;
      if (lease !== undefined) await etcd.revokeLease(lease).catch(() => undefined);
    },
  };
}

type LeaseState = {
  lease: bigint | undefined;
  aliveUntil: number;
  /** The record as it is in etcd. */
  written: string;
  /** Settles once no record is being written. */
  writing: Promise<void>;
  wake: () => void;
};

async function keepSession(
  options: SessionOptions,
  state: LeaseState,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  let healthy = true;
  while (!signal.aborted) {
    let pause = KEEPALIVE_MS;
    try {
      if (state.lease === undefined) await establish(options, state);
      else await renew(options, state, state.lease);
      if (state.lease === undefined) continue;
      ready();
      if (!healthy) options.logger.info('The session stands again');
      healthy = true;
    } catch (error) {
      if (healthy) options.logger.warn({ reason: messageOf(error) }, 'The session cannot be renewed');
      healthy = false;
      pause = RETRY_MS;
    }
    await pauseFor(pause, state, signal);
  }
}

async function pauseFor(ms: number, state: LeaseState, signal: AbortSignal): Promise<void> {
  const woken = new AbortController();
  state.wake = () => woken.abort();
  await sleep(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() => undefined);
}

/** A put on a key that stands already keeps its creation revision, so a restarted instance keeps its place in the latch. */
async function establish(options: SessionOptions, state: LeaseState): Promise<void> {
  const { etcd, scope, instanceId } = options;
  const asked = performance.now();
  const lease = await etcd.grantLease(TTL_SECONDS);
  await putRecord(options, state, lease);
  await etcd.put(recordKey(scope, 'leaderLatch', `_${instanceId}`), `_${instanceId}`, { lease });
  state.lease = lease;
  state.aliveUntil = asked + TTL_SECONDS * 1000;
}

/** The record's content changes with every request; it is published as often as the lease is renewed. */
async function renew(options: SessionOptions, state: LeaseState, lease: bigint): Promise<void> {
  const asked = performance.now();
  const seconds = await options.etcd.keepLeaseAlive(lease);
  if (seconds <= 0) state.lease = undefined;
  else state.aliveUntil = asked + seconds * 1000;
  if (state.lease !== undefined && encodeInstanceRecord(options.record()) !== state.written)
    await putRecord(options, state, lease);
}

function putRecord(
  { etcd, scope, instanceId, record }: SessionOptions,
  state: LeaseState,
  lease: bigint,
): Promise<void> {
  // One after the other: of two concurrent writes the older might land last.
  const write = async (): Promise<void> => {
    const written = encodeInstanceRecord(record());
    await etcd.put(recordKey(scope, 'instances', instanceId), written, { lease });
    state.written = written;
  };
  const writing = state.writing.then(write);
  state.writing = writing.catch(() => undefined);
  return writing;
}

function throttle(run: () => void): { request(): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let last = -PUBLISH_MS;
  return {
    request: () => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          last = performance.now();
          run();
        },
        Math.max(0, last + PUBLISH_MS - performance.now()),
      );
    },
    cancel: () => clearTimeout(timer),
  };
}
