import type { Channel, ChannelOptions } from '@grpc/grpc-js';
import { createChannel, createClient, type Client } from 'nice-grpc';
import type { MeshTarget } from '@meshkeeper/domain';
import { ModelMeshDefinition } from './gen/mmesh/model-mesh.ts';
import type { TlsIdentity } from './mesh-tls.ts';

export type Mesh = Client<typeof ModelMeshDefinition>;
type Pooled = { readonly channel: Channel; readonly mesh: Mesh; usedAt: number };

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  // nice-grpc reads this as the time limit of one connection attempt: an address that swallows packets leaves time for others.
  'grpc.min_reconnect_backoff_ms': 3_000,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
};

/** One channel for each endpoint and what secures it; one that is not used for a while is closed. */
export type MeshChannels = {
  /** The endpoints, starting one further each time. */
  inTurn(endpoints: readonly string[]): readonly string[];
  /** Without `tls` in plaintext. */
  mesh(endpoint: string, target: MeshTarget, tls: TlsIdentity | undefined): Mesh;
  close(): void;
};

export function createMeshChannels(dial: (endpoint: string) => string, idleMs: number): MeshChannels {
  const open = new Map<string, Pooled>();
  let turn = 0;
  const closeIdle = () => {
    for (const [key, pooled] of open) {
      if (Date.now() - pooled.usedAt < idleMs) continue;
      open.delete(key);
      pooled.channel.close();
    }
  };
  const timer = setInterval(closeIdle, Math.max(1_000, idleMs / 2)).unref();
  return {
    inTurn: (endpoints) => {
      const start = turn++ % Math.max(1, endpoints.length);
      return [...endpoints.slice(start), ...endpoints.slice(0, start)];
    },
    mesh: (endpoint, target, tls) => {
      // Another certificate, or none any more, is another channel: what was agreed under the old one is not used again.
      const key = [endpoint, ...(tls === undefined ? [] : [target.authority, target.tlsSecretName, tls.revision])].join(
        ' ',
      );
      const pooled = open.get(key) ?? openChannel(dial(endpoint), target.authority, tls);
      pooled.usedAt = Date.now();
      open.set(key, pooled);
      return pooled.mesh;
    },
    close: () => {
      clearInterval(timer);
      for (const { channel } of open.values()) channel.close();
      open.clear();
    },
  };
}

/** A pod's certificate is made out to its Service, not to its address. */
function openChannel(address: string, authority: string, tls: TlsIdentity | undefined): Pooled {
  const named = { 'grpc.ssl_target_name_override': authority, 'grpc.default_authority': authority };
  const options = tls === undefined ? CHANNEL_OPTIONS : { ...CHANNEL_OPTIONS, ...named };
  const channel = createChannel(address, tls?.credentials, options);
  return { channel, mesh: createClient(ModelMeshDefinition, channel), usedAt: Date.now() };
}
