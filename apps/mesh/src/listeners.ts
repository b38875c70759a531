import { ModelMeshDefinition } from '@meshkeeper/modelmesh';
import type { Stoppable } from '@meshkeeper/telemetry';
import { createManagementApi } from './management-api.ts';
import type { MeshCore } from './mesh-core.ts';
import type { MeshMetrics } from './metrics.ts';
import { answerHealth, HEALTH_CHECK } from './routing/health.ts';
import type { MeshSettings } from './settings.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { serveUnary } from './unary-service.ts';
import type { ServerCall } from './wire/incoming-call.ts';
import type { Reply } from './wire/send-reply.ts';
import { startGrpcServer, type GrpcServerOptions, type ServerTls } from './wire/server.ts';

type Handle = (call: ServerCall) => Promise<Reply>;

/** `host:port`, as it really listens. */
export type Listener = Stoppable & { readonly address: string };

/** How long calls that are under way have when a listener stops. */
const LAST_CALLS_MS = 2_000;

/** Where clients call: the management API, health, and everything else is inference. @throws when the port is taken */
export async function listenToClients(
  settings: MeshSettings,
  core: MeshCore,
  metrics: MeshMetrics,
  parts: { readonly infer: Handle; readonly isServing: () => boolean; readonly tls: TlsIdentity | undefined },
): Promise<Listener> {
  const manage = serveUnary(ModelMeshDefinition, createManagementApi(core.models, core.vmodels), metrics);
  const handle: Handle = (call) => {
    if (call.path === HEALTH_CHECK) return Promise.resolve(answerHealth(parts.isServing()));
    return manage(call) ?? parts.infer(call);
  };
  const { maxConnectionAgeMs, maxConnectionAgeGraceMs, ...limits } = settings.limits;
  const options = {
    ...limits,
    ...(maxConnectionAgeMs !== undefined && { maxConnectionAgeMs }),
    ...(maxConnectionAgeGraceMs !== undefined && { maxConnectionAgeGraceMs }),
    host: settings.host,
    port: settings.grpcPort,
    handle,
  };
  return listen(options, parts.tls, (tls) => tls.toClients());
}

/** Where other instances send calls on to. Under TLS they show each other the certificate that they all have. */
export function listenToPeers(settings: MeshSettings, handle: Handle, tls: TlsIdentity | undefined): Promise<Listener> {
  const { maxMessageBytes, maxHeaderBytes } = settings.limits;
  const options = {
    host: settings.host,
    port: settings.peerPort,
    handle,
    // What the mesh adds to a call must not make it too large.
    maxMessageBytes: maxMessageBytes + 65_536,
    maxHeaderBytes: maxHeaderBytes + 16_384,
  };
  return listen(options, tls, (identity) => identity.toPeers());
}

async function listen(
  options: GrpcServerOptions,
  identity: TlsIdentity | undefined,
  show: (identity: TlsIdentity) => ServerTls,
): Promise<Listener> {
  const server = await startGrpcServer({ ...options, ...(identity !== undefined && { tls: show(identity) }) });
  identity?.onChange(() => server.renewTls(show(identity)));
  return { address: server.address, stop: () => server.stop(LAST_CALLS_MS) };
}
