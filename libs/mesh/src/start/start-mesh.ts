import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, messageOf } from '@meshkeeper/domain';
import { createEtcdClient, readKvStore, type EtcdClient } from '@meshkeeper/etcd';
import { createRegistry } from '@meshkeeper/metrics';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { createClusterView, type ClusterView } from '../records/cluster-view.ts';
import { followRecords } from '../records/follow-records.ts';
import type { InstanceParts, Keep } from './instance-parts.ts';
import { listenToClients } from './listeners.ts';
import type { MeshCore } from './mesh-core.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { startMeshHttp, type MeshHttp } from '../http/mesh-http.ts';
import { registerInfoMetric } from '../metrics/info-metric.ts';
import { createPayloadProcessors } from '../payloads/payload-processors.ts';
import { connectRuntime } from '../runtime/connect-runtime.ts';
import type { Session } from '../presence/session.ts';
import type { MeshSettings } from '../settings/settings.ts';
import { startInstance } from './start-instance.ts';
import { followTls } from '../presence/tls-identity.ts';
import { startPrestop } from '../http/prestop.ts';

/** Below the two seconds in which a write has to be refused when etcd does not answer. */
const ETCD_TIMEOUT_MS = 1_900;
/**
 * An etcd that is not there at the start ends the process: the kubelet starts it again. With the last attempt, and what a process needs
 * to begin, that is within five seconds.
 */
const ETCD_START_MS = 3_000;
/** What comes after the hand-over, within the grace period of the pod. */
const AFTER_DRAIN_MS = 17_000;

/** `grpc`, `probes` and `metrics` are `host:port`, as they really listen. */
export type RunningMesh = Stoppable & { readonly grpc: string } & Pick<MeshHttp, 'probes' | 'metrics'>;

/** @throws CallError when etcd cannot be reached or the model server fails; Error when a port is taken. Nothing is left running then. */
export async function startMesh(settings: MeshSettings, logger: Logger): Promise<RunningMesh> {
  const started: Stoppable[] = [];
  const keep: Keep = (part) => {
    started.push(part);
    return part;
  };
  try {
    return await startParts(settings, logger, { started, keep });
  } catch (error) {
    for (const part of started.toReversed()) await part.stop();
    throw error;
  }
}

async function startParts(
  settings: MeshSettings,
  logger: Logger,
  { started, keep }: { readonly started: readonly Stoppable[]; readonly keep: Keep },
): Promise<RunningMesh> {
  const { host, prestopPort, shutdownTimeoutMs } = settings;
  // Stopped last of all: the other containers of the pod wait for it.
  keep(await startPrestop({ host, port: prestopPort, limitMs: 2 * shutdownTimeoutMs }));
  const tls = settings.tls === undefined ? undefined : keep(followTls(settings.tls, logger));
  const registry = createRegistry();
  if (settings.infoMetric !== undefined) registerInfoMetric(settings.infoMetric, registry);
  const metrics = createMetrics(registry, { perModel: settings.metrics?.perModel ?? false });
  const starting = new AbortController();
  keep({ stop: async () => starting.abort() });
  const unloadAttemptFailed = () => metrics.unloadAttemptFailed();
  const [{ etcd, view }, runtime] = await Promise.all([
    openRecords(settings, logger, keep),
    connectRuntime(settings.runtime, { logger, signal: starting.signal, unloadAttemptFailed }),
  ]);
  keep({ stop: () => runtime.close() });
  const payloads = createPayloadProcessors(settings.payloads, { registry, logger });
  if (payloads !== undefined) keep(payloads);
  const parts: InstanceParts = { settings, etcd, view, metrics, logger, runtime, payloads, tls };
  const instance = await startInstance(parts, keep);
  const { core, session, lifecycle } = instance;
  metrics.observe({
    instance: () => core.copies.summary(),
    now: Date.now,
    silent: instance.silent,
    runtimeGone: instance.runtimeGone,
    cluster: () => (core.isLeading() ? countModels(view) : undefined),
  });
  await session.ready;
  await untilSeen(view, settings.instanceId);
  const grpc = keep(
    await listenToClients(settings, core, metrics, {
      infer: instance.infer,
      isServing: () => !lifecycle.draining,
      tls,
      logger,
    }),
  );
  const ready = () => (lifecycle.draining ? 'This instance is draining' : undefined);
  const http = keep(await startMeshHttp(settings, registry, ready, tls));
  logger.info({ instance: settings.instanceId, grpc: grpc.address, peers: instance.peer }, 'Ready');
  const stop = async () => {
    lifecycle.draining = true;
    await handOver(core, session, logger, Math.max(1_000, shutdownTimeoutMs - AFTER_DRAIN_MS));
    for (const part of started.toReversed()) await part.stop();
  };
  return { grpc: grpc.address, probes: http.probes, metrics: http.metrics, stop };
}

/** The records of the mesh, known whole and followed from then on. */
async function openRecords(settings: MeshSettings, logger: Logger, keep: Keep) {
  const connection = readKvStore(settings.kvStore);
  const etcd = createEtcdClient(connection, { timeoutMs: ETCD_TIMEOUT_MS });
  keep({ stop: async () => etcd.close() });
  await untilReachable(etcd);
  const scope = { rootPrefix: connection.rootPrefix, kvPrefix: settings.kvPrefix, service: settings.service };
  const view = createClusterView(scope);
  const following = keep(followRecords(etcd, view, logger));
  await following.ready;
  return { etcd, view };
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

/** Without etcd nothing can be handed over: the others notice by the lease. */
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
