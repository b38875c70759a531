import { ModelMeshDefinition } from '@meshkeeper/modelmesh';
import type { Logger, Stoppable } from '@meshkeeper/process';
import { createManagementApi } from '../api/management-api.ts';
import type { MeshCore } from './mesh-core.ts';
import type { MeshMetrics } from '../metrics/metrics.ts';
import { answerHealth, HEALTH_CHECK } from '../server/health.ts';
import type { MeshSettings } from '../settings/settings.ts';
import type { TlsIdentity } from '../presence/tls-identity.ts';
import { serveUnary } from '../server/unary-service.ts';
import {
  type GrpcServerOptions,
  type Reply,
  RpcError,
  type ServerCall,
  type ServerTls,
  startGrpcServer,
} from '@meshkeeper/grpc';

type Handle = (call: ServerCall) => Promise<Reply>;

/** `host:port`, as it really listens. */
export type Listener = Stoppable & { readonly address: string };

/** What both listeners need. */
export type ListenerParts = { readonly tls: TlsIdentity | undefined; readonly logger: Logger };

/** How long calls that are under way have when a listener stops, as in the original. */
const LAST_CALLS_MS = 15_000;

/** Where clients call: the management API, health, and everything else is inference. @throws when the port is taken */
export async function listenToClients(
  settings: MeshSettings,
  core: MeshCore,
  metrics: MeshMetrics,
  parts: ListenerParts & { readonly infer: Handle; readonly isServing: () => boolean },
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
    on: { host: settings.host, port: settings.grpcPort },
    handle,
  };
  return listen(options, parts, (tls) => tls.toClients());
}

/** Where other instances send calls on to. Under TLS they show each other the certificate that they all have. */
export function listenToPeers(settings: MeshSettings, handle: Handle, parts: ListenerParts): Promise<Listener> {
  const { maxMessageBytes, maxHeaderBytes } = settings.limits;
  const options = {
    on: { host: settings.host, port: settings.peerPort },
    handle,
    // What the mesh adds to a call must not make it too large.
    maxMessageBytes: maxMessageBytes + 65_536,
    maxHeaderBytes: maxHeaderBytes + 16_384,
  };
  return listen(options, parts, (tls) => tls.toPeers());
}

async function listen(
  { handle, ...options }: GrpcServerOptions,
  { tls, logger }: ListenerParts,
  show: (tls: TlsIdentity) => ServerTls,
): Promise<Listener> {
  const server = await startGrpcServer({
    ...options,
    ...(tls !== undefined && { tls: show(tls) }),
    handle: (call) => handle(call).catch((error: unknown) => logDefect(error, call, logger)),
  });
  tls?.onChange(() => server.renewTls(show(tls)));
  return { address: server.address, stop: () => server.stop(LAST_CALLS_MS) };
}

/** An error that is no RpcError is a defect: the caller gets INTERNAL, the log everything. */
function logDefect(error: unknown, { path }: ServerCall, logger: Logger): never {
  if (error instanceof RpcError) throw error;
  logger.error({ err: error, path }, 'A call failed for a reason that was not foreseen');
  throw new RpcError('INTERNAL', 'Unexpected failure', { cause: error });
}
