import { messageOf } from '@meshkeeper/domain';
import { loopbackAlias } from '@meshkeeper/settings';
import type { Logger } from '@meshkeeper/process';
import { instanceOf, type Changed, type ClusterView } from '../records/cluster-view.ts';
import { peerAddress } from '../rules/instance-mark.ts';
import { type Answer, type Channel, type ChannelTls, openChannel, type OutgoingCall, RpcError } from '@meshkeeper/grpc';
import { HEALTH_CHECK } from '../server/health.ts';

export type PeersOptions = {
  /** Our own id. */
  readonly instanceId: string;
  readonly view: ClusterView;
  readonly tls: ChannelTls | undefined;
  readonly maxMessageBytes: number;
  readonly dialAlias: boolean;
  readonly logger: Logger;
};

type Peer = { readonly address: string; readonly channel: Channel; inFlight: number; lastCalled: number };

/** From the first packet to the peer's settings: a process that hangs accepts connections still. */
const CONNECT_MS = 500;
/** Twice as long without a sign of life and calls are sent elsewhere. */
const KEEP_ALIVE_MS = 350;
const PROBE_MS = 300;
/** Probe interval: otherwise a dead peer is noticed only when a request is sent there. */
const PATROL_MS = 2_000;
const PROBE: OutgoingCall = { path: HEALTH_CHECK, message: Buffer.alloc(0), timeoutMs: 1_000 };
/** How long the record of an instance may be missing while its lease is renewed, as after an outage of etcd. */
const GRACE_MS = 5_000;

/** The other instances, as far as calls can be sent to them. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #silent = new Set<string>();
  /** Timers that forget instances whose record is gone, and that ask silent ones. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #unsubscribe: () => void;
  readonly #patrol: NodeJS.Timeout;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#unsubscribe = options.view.onChange((changed) => this.#recordsChanged(changed));
    this.#patrol = setInterval(() => this.#askAll(), PATROL_MS).unref();
  }

  /** Those that do not answer. */
  get silent(): ReadonlySet<string> {
    return this.#silent;
  }

  /** Its record stands, or stood a moment ago, and it answers. */
  isReachable(iid: string): boolean {
    return this.#peerOf(iid) !== undefined && !this.#silent.has(iid);
  }

  /** Calls that we have under way there. */
  inFlight(iid: string): number {
    return this.#peers.get(iid)?.inFlight ?? 0;
  }

  /** Epoch ms; 0 for never. */
  lastCalled(iid: string): number {
    return this.#peers.get(iid)?.lastCalled ?? 0;
  }

  /** @throws RpcError */
  async call(iid: string, call: OutgoingCall): Promise<Answer> {
    const peer = this.#peerOf(iid);
    if (peer === undefined) throw new RpcError('UNAVAILABLE', `Instance ${iid} takes no calls`, { unsent: true });
    peer.inFlight += 1;
    peer.lastCalled = Date.now();
    try {
      return await peer.channel.call(call);
    } finally {
      peer.inFlight -= 1;
    }
  }

  /** A call got no answer: nothing is sent there before it answers a question of ours. */
  suspect(iid: string, reason: string): void {
    const peer = this.#peers.get(iid);
    if (peer === undefined || this.#silent.has(iid)) return;
    this.#options.logger.warn({ peer: iid, reason }, 'Does not answer');
    this.#silent.add(iid);
    void this.#probe(iid, peer);
  }

  stop(): void {
    this.#unsubscribe();
    clearInterval(this.#patrol);
    for (const iid of this.#peers.keys()) this.#forget(iid);
  }

  #askAll(): void {
    for (const iid of this.#options.view.tables.instances.keys()) {
      const peer = iid === this.#options.instanceId ? undefined : this.#peerOf(iid);
      if (peer === undefined || this.#silent.has(iid)) continue;
      peer.channel.call(PROBE).catch((error: unknown) => this.suspect(iid, messageOf(error)));
    }
  }

  async #probe(iid: string, peer: Peer): Promise<void> {
    const answers = await peer.channel.call(PROBE).then(
      () => true,
      () => false,
    );
    if (this.#peers.get(iid) !== peer) return;
    if (!answers) {
      setTimeout(() => void this.#probe(iid, peer), PROBE_MS).unref();
      return;
    }
    this.#silent.delete(iid);
    this.#options.logger.info({ peer: iid }, 'Answers again');
  }

  #peerOf(iid: string): Peer | undefined {
    const record = instanceOf(this.#options.view, iid);
    const known = this.#peers.get(iid);
    const address = record === undefined ? known?.address : peerAddress(record);
    if (address === undefined || known?.address === address) return known;
    this.#forget(iid);
    const peer: Peer = { address, channel: this.#open(address), inFlight: 0, lastCalled: 0 };
    this.#peers.set(iid, peer);
    return peer;
  }

  #open(address: string): Channel {
    const { tls, maxMessageBytes, dialAlias } = this.#options;
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon);
    const target = { host: dialAlias ? loopbackAlias(host) : host, port: Number(address.slice(colon + 1)) };
    const limits = { maxMessageBytes, connectTimeoutMs: CONNECT_MS, keepAliveMs: KEEP_ALIVE_MS };
    return openChannel(target, tls === undefined ? limits : { ...limits, tls });
  }

  #recordsChanged(changed: readonly Changed[]): void {
    for (const { table, id } of changed) {
      if (table !== 'instances' || !this.#peers.has(id)) continue;
      clearTimeout(this.#timers.get(id));
      if (this.#options.view.tables.instances.has(id)) continue;
      this.#timers.set(id, setTimeout(() => this.#forget(id), GRACE_MS).unref());
    }
  }

  #forget(iid: string): void {
    clearTimeout(this.#timers.get(iid));
    this.#timers.delete(iid);
    this.#silent.delete(iid);
    this.#peers.get(iid)?.channel.close();
    this.#peers.delete(iid);
  }
}
