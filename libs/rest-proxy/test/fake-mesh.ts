import { connect } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import {
  GRPCInferenceServiceDefinition,
  ModelInferResponse,
  type ModelInferRequest,
  type ModelMetadataRequest,
} from '@meshkeeper/open-inference';
import { createServer, ServerError, Status, type CallContext } from 'nice-grpc';

/** A mesh that gives back what it is asked: the inputs of a request come back as outputs. */
export type FakeMesh = {
  readonly port: number;
  readonly seen: readonly Seen[];
  /** Calls to the model `slow` that were cancelled. */
  readonly cancelled: readonly string[];
  stop(): Promise<void>;
};

type Seen = {
  readonly request: ModelInferRequest | ModelMetadataRequest;
  readonly metadata: Readonly<Record<string, readonly (string | Uint8Array)[]>>;
};

export async function startFakeMesh(port = 0): Promise<FakeMesh> {
  const seen: Seen[] = [];
  const cancelled: string[] = [];
  const note = (request: Seen['request'], { metadata }: CallContext): void => {
    seen.push({ request, metadata: Object.fromEntries(metadata) });
  };
  const server = createServer({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.add(GRPCInferenceServiceDefinition, {
    ...unimplemented(),
    modelInfer: async (request: ModelInferRequest, context: CallContext) => {
      note(request, context);
      context.header.set('served-by', encodeURIComponent(request.modelName));
      if (request.modelName === 'slow') await untilAborted(context.signal, () => cancelled.push(request.id));
      if (request.modelName.startsWith('code-'))
        throw new ServerError(toCode(request.modelName), `failed: ${request.modelName}`);
      return answer(request);
    },
    modelMetadata: async (request: ModelMetadataRequest, context: CallContext) => {
      note(request, context);
      if (request.name === 'gone') throw new ServerError(Status.NOT_FOUND, 'vmodel not found');
      const tensor = { name: 'x', datatype: 'FP32', shape: [-1n, 64n] };
      return { name: `${request.name}__isvc-1`, versions: [], platform: 'p', inputs: [tensor], outputs: [] };
    },
  });
  const bound = await server.listen(`127.0.0.1:${port}`);
  return { port: bound, seen, cancelled, stop: async () => server.forceShutdown() };
}

export type TlsFront = {
  readonly port: number;
  /** Common names of the clients that came. */ readonly clients: readonly string[];
  /** Connections, whether or not there was a handshake. */
  tries(): number;
  stop(): void;
};

/** TLS before a port of this machine, as a mesh with `clientCa` demands a certificate of its clients. */
export function startTlsFront(
  port: number,
  tls: { readonly key: string; readonly certificate: string; readonly clientCa?: string },
): Promise<TlsFront> {
  const { key, certificate: cert, clientCa } = tls;
  const clients: string[] = [];
  const open = new Set<TLSSocket>();
  const demand = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer({ key, cert, ALPNProtocols: ['h2'], ...demand }, (socket) => {
    clients.push(String(socket.getPeerCertificate().subject?.CN));
    open.add(socket);
    const inner = connect(port, '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', () => undefined);
  let tries = 0;
  server.on('connection', () => {
    tries += 1;
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const stop = (): void => {
        server.close();
        for (const socket of open) socket.destroy();
      };
      resolve({ port: (server.address() as { port: number }).port, clients, tries: () => tries, stop });
    });
  });
}

/** `large` answers with some 20 MiB; every other model with its inputs. */
function answer(request: ModelInferRequest): ModelInferResponse {
  const large = {
    name: 'l',
    datatype: 'FP32',
    shape: [5_000_000],
    contents: { fp32Contents: Array.from({ length: 5_000_000 }, () => 1) },
  };
  return ModelInferResponse.fromPartial({
    modelName: `${request.modelName}__isvc-1`,
    modelVersion: request.modelVersion,
    id: request.id,
    outputs: request.modelName === 'large' ? [large] : request.modelName === 'sink' ? [] : request.inputs,
  });
}

function untilAborted(signal: AbortSignal, aborted: () => void): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      aborted();
      resolve();
    });
  });
}

function unimplemented() {
  const refuse = async (): Promise<never> => {
    throw new ServerError(Status.UNIMPLEMENTED, 'not here');
  };
  return {
    serverLive: refuse,
    serverReady: refuse,
    modelReady: refuse,
    serverMetadata: refuse,
    repositoryIndex: refuse,
    repositoryModelLoad: refuse,
    repositoryModelUnload: refuse,
  };
}

function toCode(modelName: string): Status {
  const number = modelName.slice('code-'.length);
  return (
    Object.entries(Status).find((entry): entry is [string, Status] => String(entry[1]) === number)?.[1] ??
    Status.UNKNOWN
  );
}
