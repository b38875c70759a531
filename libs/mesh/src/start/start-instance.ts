import { followFile } from '../settings/follow-file.ts';
import type { InstanceParts, Keep } from './instance-parts.ts';
import { describeInstance } from '../presence/instance-record.ts';
import { followLiveConfig } from '../records/live-config.ts';
import { startMeshCore, type MeshCore } from './mesh-core.ts';
import { Peers } from '../routing/peers.ts';
import { startRouting } from './start-routing.ts';
import { createRuntimeRecovery } from '../runtime/recover-runtime.ts';
import { startSession, type Session } from '../presence/session.ts';
import { ANYWHERE, parseTypeConstraints } from '../rules/type-constraints.ts';
import type { Reply, ServerCall } from '@meshkeeper/grpc';

export type RunningInstance = {
  readonly core: MeshCore;
  readonly session: Session;
  readonly lifecycle: { draining: boolean };
  readonly silent: () => number;
  readonly runtimeGone: () => boolean;
  readonly infer: (call: ServerCall) => Promise<Reply>;
  /** `host:port` as other instances know it. */
  readonly peer: string;
};

/** The core needs the session's clock, the session's record describes the core and where peers call: they are joined here. */
export async function startInstance(parts: InstanceParts, keep: Keep): Promise<RunningInstance> {
  const { settings, etcd, view, logger } = parts;
  const { instanceId, podAddress } = settings;
  const lifecycle = { draining: false };
  const startTime = Date.now();
  const constraints = keep(
    followFile(settings.typeConstraintsPath, {
      fallback: ANYWHERE,
      parse: parseTypeConstraints,
      logger,
      changed: () => core.constraintsChanged(),
    }),
  );
  const peers = createPeers(parts);
  keep({ stop: async () => peers.stop() });
  const live = keep(followLiveConfig(view, settings, logger));
  const publish = () => void session.publishNow().catch(() => undefined);
  const lost = () => core.copies.lostAll();
  const recovery = keep(createRuntimeRecovery(settings.runtime, logger, { lost, changed: publish }));
  const core: MeshCore = startMeshCore({
    ...parts,
    instanceId,
    constraints: () => constraints.current(),
    defaultOwner: settings.defaultOwner,
    scaleUpRpm: () => live.scaleUpRpm(),
    now: Date.now,
    isAlive: () => session.isAlive(),
    summaryChanged: () => session.publish(),
    runtimeLost: recovery.lost,
    isRuntimeGone: recovery.isGone,
    silent: () => peers.silent,
  });
  const routing = await startRouting({ ...parts, core, peers, live, runtimeLost: recovery.lost }, keep);
  const peer = `${podAddress}:${routing.listener.address.split(':').at(-1)}`;
  const record = () =>
    describeInstance({
      settings,
      startTime,
      closed: lifecycle.draining || recovery.isGone(),
      summary: core.copies.summary(),
      rpm: Math.round([...core.copies.all()].reduce((sum, copy) => sum + copy.rate.perMinute(Date.now()), 0)),
      peer,
    });
  const session: Session = startSession({ etcd, scope: view.scope, instanceId, record, logger });
  const unsubscribe = view.onChange((changed) => {
    const ours = changed.some(({ table, id }) => table === 'instances' && id === instanceId);
    if (ours && !view.tables.instances.has(instanceId)) session.checkNow();
  });
  keep({ stop: async () => unsubscribe() });
  // Stopped the other way round: the core writes its last words before the lease goes.
  keep(session);
  keep(core);
  const { isGone: runtimeGone } = recovery;
  return { core, session, lifecycle, silent: () => peers.silent.size, runtimeGone, infer: routing.infer, peer };
}

function createPeers({ settings, view, tls, logger }: InstanceParts): Peers {
  const { instanceId, dialAlias, limits } = settings;
  const { maxMessageBytes } = limits;
  return new Peers({ instanceId, view, tls: tls?.peerChannel, maxMessageBytes, dialAlias, logger });
}
