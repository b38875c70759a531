import { followFile } from '../settings/follow-file.ts';
import type { InstanceParts, Keep } from './instance-parts.ts';
import { listenToPeers, type Listener } from './listeners.ts';
import type { LiveConfig } from '../records/live-config.ts';
import type { MeshCore } from './mesh-core.ts';
import { createCallLog } from '../routing/call-log.ts';
import { createDataPlane } from '../routing/data-plane.ts';
import { ANY_METHOD, parseDataPlaneConfig } from '../routing/data-plane-config.ts';
import { createLocalCalls } from '../routing/local-calls.ts';
import { createPeerService } from '../routing/peer-service.ts';
import type { Peers } from '../routing/peers.ts';
import { createRouter } from '../routing/router.ts';
import { type Channel, openChannel } from '@meshkeeper/grpc';

export type RoutingParts = InstanceParts & {
  readonly core: MeshCore;
  readonly peers: Peers;
  readonly live: LiveConfig;
  readonly runtimeLost: () => void;
};

/** The way of a request, and the port where other instances send theirs on to. @throws when that is taken */
export async function startRouting(parts: RoutingParts, keep: Keep) {
  const { settings, view, metrics, logger, runtime, payloads, tls, core, peers, live, runtimeLost } = parts;
  const { store, cluster, copies, loading, caughtUp } = core;
  const { maxMessageBytes } = settings.limits;
  const data = openDataChannel(settings.runtime.serving ?? runtime.address, maxMessageBytes);
  const config = keep(
    followFile(settings.dataPlanePath, { fallback: ANY_METHOD, parse: parseDataPlaneConfig, logger }),
  );
  const local = createLocalCalls({
    copies,
    runtime: { facts: runtime.facts, data },
    metrics,
    now: Date.now,
    caughtUp,
    revisionOf: (modelId) => view.tables.registry.get(modelId)?.modRevision ?? 0n,
    runtimeLost,
  });
  keep({ stop: async () => data.close() });
  const router = createRouter({
    metrics,
    view,
    store,
    cluster,
    copies,
    loading,
    local,
    peers,
    caughtUp,
    now: Date.now,
  });
  const infer = createDataPlane({
    router,
    config: () => config.current(),
    metrics,
    payloads,
    logCall: createCallLog(settings.loggedHeaders, logger),
    logsCalls: () => live.logsEachCall(),
    parallelism: settings.multiParallelism,
  });
  const listener: Listener = keep(await listenToPeers(settings, createPeerService(local), { tls, logger }));
  return { infer, listener };
}

const CONNECT_MS = 2_000;

/** Where inference goes: `host:port` or `unix:///path`. */
function openDataChannel(address: string, maxMessageBytes: number): Channel {
  const options = { maxMessageBytes, connectTimeoutMs: CONNECT_MS };
  if (address.startsWith('unix://')) return openChannel({ path: address.slice('unix://'.length) }, options);
  const colon = address.lastIndexOf(':');
  return openChannel({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }, options);
}
