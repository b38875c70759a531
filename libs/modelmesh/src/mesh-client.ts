import type { Channel, ChannelOptions } from '@grpc/grpc-js';
import { ClientError, createChannel, createClient, type Client } from 'nice-grpc';
import { CallError, type MeshModels, type ModelStatusInfo, type VModelStatusInfo } from '@meshkeeper/domain';
import { callWithDeadline, isConnectionFailure, toCallError } from './call-errors.ts';
import {
  ModelMeshDefinition,
  type ModelStatusInfo as ModelMessage,
  type VModelStatusInfo as VModelMessage,
} from './gen/mmesh/model-mesh.ts';
import { modelStatusName, vmodelStatusName } from './status-names.ts';

export type MeshClientOptions = {
  /** From an endpoint to the address that is dialled: the sandbox dials loopback twins. */
  readonly dial?: (endpoint: string) => string;
  /** Deadline of one call, all endpoints it tries included. */
  readonly timeoutMs?: number;
  /** A channel unused for so long is closed: its pod may be gone. */
  readonly idleMs?: number;
};

type Mesh = Client<typeof ModelMeshDefinition>;
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

/**
 * The management API of meshes: one channel for each endpoint, used in turn. A call that meets a broken connection tries
 * every other endpoint once (all calls may be repeated). What a mesh itself answers, UNAVAILABLE included, is final.
 */
export function createMeshClient(options: MeshClientOptions = {}): MeshModels & { close(): Promise<void> } {
  const pool = createPool(options.dial ?? ((endpoint) => endpoint), options.idleMs ?? 60_000);
  const timeoutMs = options.timeoutMs ?? 10_000;
  const call = <T>(endpoints: readonly string[], what: string, run: (mesh: Mesh, signal: AbortSignal) => Promise<T>) =>
    callWithDeadline(timeoutMs, what, (signal) => tryEach(pool.inTurn(endpoints), pool, (mesh) => run(mesh, signal)));
  return {
    setVModel: async (endpoints, request) =>
      toVModelStatusInfo(await call(endpoints, 'setVModel', (mesh, signal) => mesh.setVModel(request, { signal }))),
    deleteVModel: async (endpoints, ref) => {
      await call(endpoints, 'deleteVModel', (mesh, signal) => mesh.deleteVModel(ref, { signal }));
    },
    getVModelStatus: async (endpoints, ref) =>
      toVModelStatusInfo(
        await call(endpoints, 'getVModelStatus', (mesh, signal) => mesh.getVModelStatus(ref, { signal })),
      ),
    close: async () => pool.close(),
  };
}

type Pool = {
  /** The endpoints, starting one further each time. */
  inTurn(endpoints: readonly string[]): readonly string[];
  mesh(endpoint: string): Mesh;
  close(): void;
};

function createPool(dial: (endpoint: string) => string, idleMs: number): Pool {
  const open = new Map<string, Pooled>();
  let turn = 0;
  const closeIdle = () => {
    for (const [endpoint, pooled] of open) {
      if (Date.now() - pooled.usedAt < idleMs) continue;
      open.delete(endpoint);
      pooled.channel.close();
    }
  };
  const timer = setInterval(closeIdle, Math.max(1_000, idleMs / 2)).unref();
  return {
    inTurn: (endpoints) => {
      const start = turn++ % Math.max(1, endpoints.length);
      return [...endpoints.slice(start), ...endpoints.slice(0, start)];
    },
    mesh: (endpoint) => {
      const pooled = open.get(endpoint) ?? openChannel(dial(endpoint));
      pooled.usedAt = Date.now();
      open.set(endpoint, pooled);
      return pooled.mesh;
    },
    close: () => {
      clearInterval(timer);
      for (const { channel } of open.values()) channel.close();
      open.clear();
    },
  };
}

function openChannel(address: string): Pooled {
  const channel = createChannel(address, undefined, CHANNEL_OPTIONS);
  return { channel, mesh: createClient(ModelMeshDefinition, channel), usedAt: Date.now() };
}

async function tryEach<T>(endpoints: readonly string[], pool: Pool, run: (mesh: Mesh) => Promise<T>): Promise<T> {
  let failure = new CallError('Transient', 'The mesh has no ready endpoints', { code: 'NO_ENDPOINTS' });
  for (const endpoint of endpoints) {
    try {
      return await run(pool.mesh(endpoint));
    } catch (error) {
      // An abort is the deadline's: `callWithDeadline` gives it its name.
      if (!(error instanceof ClientError)) throw error;
      failure = toCallError(error);
      if (!isConnectionFailure(failure)) throw failure;
    }
  }
  throw failure;
}

function toVModelStatusInfo(message: VModelMessage): VModelStatusInfo {
  return {
    status: vmodelStatusName(message.status),
    owner: message.owner,
    activeModelId: message.activeModelId,
    targetModelId: message.targetModelId,
    activeModelStatus: message.activeModelStatus && toModelStatusInfo(message.activeModelStatus),
    targetModelStatus: message.targetModelStatus && toModelStatusInfo(message.targetModelStatus),
  };
}

function toModelStatusInfo(message: ModelMessage): ModelStatusInfo {
  const copies = message.modelCopyInfos.map(({ location, copyStatus, time }) => ({
    location,
    status: modelStatusName(copyStatus),
    time: Number(time),
  }));
  return { status: modelStatusName(message.status), errors: message.errors, copies };
}
