import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'nice-grpc';
import { CallError, messageOf } from '@meshkeeper/domain';
import { createEtcdClient, ModelMeshDefinition, readKvStore, type EtcdClient } from '@meshkeeper/modelmesh';
import { createRegistry, type Logger, type Stoppable } from '@meshkeeper/telemetry';
import { createClusterView, type ClusterView } from './cluster-view.ts';
import { followRecords } from './follow-records.ts';
import { describeInstance } from './instance-record.ts';
import { createApiMiddleware, createManagementApi } from './management-api.ts';
import { startMeshCore, type MeshCore } from './mesh-core.ts';
import { startMeshHttp, type MeshHttp } from './mesh-http.ts';
import { createMetrics, type MeshMetrics } from './metrics.ts';
import { followTypeConstraints } from './read-type-constraints.ts';
import { startSession, type Session } from './session.ts';
import type { MeshSettings } from './settings.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

/** Below the two seconds in which a write has to be refused when etcd does not answer. */
const ETCD_TIMEOUT_MS = 1_900;
/** An etcd that is not there at the start ends the process: the kubelet starts it again. */
const ETCD_START_MS = 4_000;
/** Hand-over, and what comes after it: the process is to be gone within 5 s of SIGTERM. */
const DRAIN_MS = 3_000;
const LAST_CALLS_MS = 500;

/** `grpc`, `probes` and `metrics` are `host:port`, as they really listen. */
export type RunningMesh = Stoppable & { readonly grpc: string } & Pick<MeshHttp, 'probes' | 'metrics'>;

/** @throws CallError when etcd cannot be reached; Error when a port is taken. Nothing is left running then. */
export async function startMesh(settings: MeshSettings, logger: Logger): Promise<RunningMesh> {
  const started: Stoppable[] = [];
  try {
    return await startParts(settings, logger, started);
  } catch (error) {
    for (const part of started.toReversed()) await part.stop();
    throw error;
  }
}

async function startParts(settings: MeshSettings, logger: Logger, started: Stoppable[]): Promise<RunningMesh> {
  const keep = <T extends Stoppable>(part: T): T => {
    started.push(part);
    return part;
  };
  const connection = readKvStore(settings.kvStore);
  const etcd = createEtcdClient(connection, { timeoutMs: ETCD_TIMEOUT_MS });
  keep({ stop: async () => etcd.close() });
  await untilReachable(etcd);
  const scope = { rootPrefix: connection.rootPrefix, kvPrefix: settings.kvPrefix, service: settings.service };
  const view = createClusterView(scope);
  const following = keep(followRecords(etcd, view, logger));
  await following.ready;
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const { core, session, lifecycle } = startInstance({ settings, etcd, view, metrics, logger }, keep);
  metrics.observe({
    instance: () => core.copies.summary(),
    cluster: () => (core.isLeading() ? countModels(view) : undefined),
  });
  await session.ready;
  await untilSeen(view, settings.instanceId);
  const grpc = keep(await listen(settings, core, metrics));
  const http = keep(
    await startMeshHttp(settings, registry, () => (lifecycle.draining ? 'This instance is draining' : undefined)),
  );
  logger.info({ instance: settings.instanceId, grpc: grpc.address }, 'Ready');
  const stop = async () => {
    lifecycle.draining = true;
    await handOver(core, session, logger, Math.min(DRAIN_MS, settings.shutdownTimeoutMs));
    for (const part of started.toReversed()) await part.stop();
  };
  return { grpc: grpc.address, probes: http.probes, metrics: http.metrics, stop };
}

type InstanceParts = {
  readonly settings: MeshSettings;
  readonly etcd: EtcdClient;
  readonly view: ClusterView;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
};

/** The core needs the session's clock, the session's record tells of the core: they are joined here. */
function startInstance(parts: InstanceParts, keep: <T extends Stoppable>(part: T) => T) {
  const { settings, etcd, view, logger } = parts;
  const { instanceId } = settings;
  const lifecycle = { draining: false };
  const startTime = Date.now();
  const constraints = keep(
    followTypeConstraints(settings.typeConstraintsPath, logger, () => core.constraintsChanged()),
  );
  const record = () =>
    describeInstance({ settings, view, startTime, draining: lifecycle.draining, summary: core.copies.summary() });
  const core: MeshCore = startMeshCore({
    ...parts,
    instanceId,
    runtime: createSimulatedRuntime(instanceId),
    constraints: () => constraints.current(),
    defaultOwner: settings.defaultOwner,
    now: Date.now,
    isAlive: () => session.isAlive(),
    summaryChanged: () => session.publish(),
  });
  const session: Session = startSession({ etcd, scope: view.scope, instanceId, record, logger });
  const unsubscribe = view.onChange((changed) => {
    const ours = changed.some(({ table, id }) => table === 'instances' && id === instanceId);
    if (ours && !view.tables.instances.has(instanceId)) session.checkNow();
  });
  keep({
    stop: async () => {
      unsubscribe();
    },
  });
  // Stopped the other way round: the core writes its last words before the lease goes.
  keep(session);
  keep(core);
  return { core, session, lifecycle };
}

async function untilReachable(etcd: EtcdClient): Promise<void> {
  const limit = performance.now() + ETCD_START_MS;
  for (;;) {
    try {
      await etcd.readHead();
      return;
    } catch (error) {
      if (performance.now() > limit) {
        throw new CallError('Transient', `Problem connecting to etcd: ${messageOf(error)}`, {
          cause: error,
          code: 'UNAVAILABLE',
        });
      }
      await sleep(100);
    }
  }
}

/** Before the first call is taken, so that a lone instance does not find itself missing. */
async function untilSeen(view: ClusterView, instanceId: string): Promise<void> {
  const seen = Promise.withResolvers<void>();
  const look = () => {
    if (view.tables.instances.has(instanceId) && view.tables.leaderLatch.has(`_${instanceId}`)) seen.resolve();
  };
  const unsubscribe = view.onChange(look);
  look();
  await seen.promise;
  unsubscribe();
}

async function listen(
  settings: MeshSettings,
  core: MeshCore,
  metrics: MeshMetrics,
): Promise<Stoppable & { readonly address: string }> {
  const server = createServer({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 }).use(
    createApiMiddleware(metrics),
  );
  server.add(ModelMeshDefinition, createManagementApi(core.models, core.vmodels));
  const port = await server.listen(`${settings.host}:${settings.grpcPort}`);
  return {
    address: `${settings.host}:${port}`,
    stop: async () => {
      const last = new AbortController();
      await Promise.race([
        server.shutdown(),
        sleep(LAST_CALLS_MS, undefined, { signal: last.signal }).catch(() => undefined),
      ]);
      last.abort();
      server.forceShutdown();
    },
  };
}

/** With etcd away nothing can be handed over: the lease will tell the others. */
async function handOver(core: MeshCore, session: Session, logger: Logger, limitMs: number): Promise<void> {
  try {
    await session.publishNow();
    await core.drain(AbortSignal.timeout(limitMs));
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, 'Not everything was handed over');
  }
}

function countModels(view: ClusterView) {
  const records = [...view.tables.registry.values()].flatMap((stored) =>
    stored.kind === 'record' ? [stored.record] : [],
  );
  return {
    managed: view.tables.registry.size,
    loaded: records.filter(({ instanceIds }) => Object.keys(instanceIds).length > 0).length,
    failed: records.filter(({ failedIn }) => Object.keys(failedIn).length > 0).length,
  };
}
