import { ClientError } from 'nice-grpc';
import {
  CallError,
  type MeshModels,
  type MeshTarget,
  type ModelStatusInfo,
  type VModelStatusInfo,
} from '@meshkeeper/domain';
import { callWithDeadline, isConnectionFailure, isHandshakeFailure, toCallError } from '@meshkeeper/grpc/typed';
import type { ModelStatusInfo as ModelMessage, VModelStatusInfo as VModelMessage } from './gen/mmesh/model-mesh.ts';
import { createMeshChannels, type Mesh, type MeshChannels } from './mesh-channels.ts';
import { createTlsIdentities, type ReadTls, type TlsIdentity } from './mesh-tls.ts';
import { modelStatusName, vmodelStatusName } from './status-names.ts';

export type MeshClientOptions = {
  /** Reads a TLS Secret live; only its answer decides what a call under TLS uses. */
  readonly readTls: ReadTls;
  /** From an endpoint to the address that is dialled: the sandbox dials loopback aliass. */
  readonly dial?: (endpoint: string) => string;
  /** Deadline of one call including all endpoints that it tries; a repetition with a renewed certificate gets it again. */
  readonly timeoutMs?: number;
  /** A channel unused for so long is closed: its pod may be gone. */
  readonly idleMs?: number;
  /** A TLS Secret read longer ago is read again. */
  readonly tlsFreshMs?: number;
};

/** One call of the management API, at whichever endpoint. */
type MeshCall<T> = (mesh: Mesh, signal: AbortSignal) => Promise<T>;

/**
 * The management API of meshes: one channel for each endpoint, used in turn. A call that meets a broken connection tries
 * every other endpoint once (all calls may be repeated). What a mesh itself answers, UNAVAILABLE included, is final.
 */
export function createMeshClient(options: MeshClientOptions): MeshModels & { close(): Promise<void> } {
  const channels = createMeshChannels(options.dial ?? ((endpoint) => endpoint), options.idleMs ?? 60_000);
  const call = createCall(options, channels);
  return {
    setVModel: async (target, request) =>
      toVModelStatusInfo(await call(target, 'setVModel', (mesh, signal) => mesh.setVModel(request, { signal }))),
    deleteVModel: async (target, ref) => {
      await call(target, 'deleteVModel', (mesh, signal) => mesh.deleteVModel(ref, { signal }));
    },
    getVModelStatus: async (target, ref) =>
      toVModelStatusInfo(
        await call(target, 'getVModelStatus', (mesh, signal) => mesh.getVModelStatus(ref, { signal })),
      ),
    close: async () => channels.close(),
  };
}

function createCall({ readTls, timeoutMs = 10_000, tlsFreshMs = 10_000 }: MeshClientOptions, channels: MeshChannels) {
  const identities = createTlsIdentities(readTls, tlsFreshMs);
  return async <T>(target: MeshTarget, what: string, run: MeshCall<T>): Promise<T> => {
    const { endpoints, tlsSecretName } = target;
    if (endpoints.length === 0)
      throw new CallError('Transient', 'The mesh has no ready endpoints', { code: 'NO_ENDPOINTS' });
    const attempt = (tls: TlsIdentity | undefined) =>
      callWithDeadline(timeoutMs, what, (signal) =>
        tryEach(channels.inTurn(endpoints), (endpoint) => run(channels.mesh(endpoint, target, tls), signal)),
      );
    if (tlsSecretName === '') return attempt(undefined);
    const began = performance.now();
    const used = await identities.identity(tlsSecretName);
    try {
      return await attempt(used);
    } catch (error) {
      if (!isHandshakeFailure(error)) throw error;
      // The pods may have a new certificate already.
      const renewed = await identities.identity(tlsSecretName, began);
      if (renewed.revision === used.revision) throw error;
      return attempt(renewed);
    }
  };
}

/** Of several failures one that a certificate may have caused says most. */
async function tryEach<T>(endpoints: readonly string[], run: (endpoint: string) => Promise<T>): Promise<T> {
  const failures: CallError[] = [];
  for (const endpoint of endpoints) {
    try {
      return await run(endpoint);
    } catch (error) {
      // An abort is the deadline's: `callWithDeadline` gives it its name.
      if (!(error instanceof ClientError)) throw error;
      const failure = toCallError(error);
      if (!isConnectionFailure(failure)) throw failure;
      failures.push(failure);
    }
  }
  throw failures.find(isHandshakeFailure) ?? failures.at(-1);
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
