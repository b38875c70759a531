import { ModelMetadataRequest, ModelMetadataResponse } from '@meshkeeper/modelmesh/inference';
import { createChannel, createClient, waitForChannelReady, type Channel, type ChannelCredentials } from 'nice-grpc';
import { ClientError, type Metadata } from 'nice-grpc-common';
import { GRPC_CODES, RestError } from './rest-error.ts';

/** What goes with a call, and what may end it. */
export type BackendCall = {
  readonly metadata: Metadata;
  /** The caller has gone. */
  readonly signal: AbortSignal;
  /** Undefined: the call may take as long as it likes. */
  readonly timeoutMs: number | undefined;
  readonly onHeader: (header: Metadata) => void;
};

/** The inference service of the mesh. Its calls throw RestError with the code and the text of the mesh. */
export type Backend = {
  /** Takes the bytes of a `ModelInferRequest`, and gives those of the answer. */
  infer(request: Buffer, call: BackendCall): Promise<Buffer>;
  metadata(request: ModelMetadataRequest, call: BackendCall): Promise<ModelMetadataResponse>;
  /** Whether there is a connection, or comes one within so many milliseconds. */
  isReachable(withinMs: number): Promise<boolean>;
  /** Calls from now on go over a connection of these; those that run stay on theirs. */
  renew(credentials: ChannelCredentials): void;
  /** Does not wait for calls. */
  stop(): void;
};

export type BackendOptions = {
  /** `host:port`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** Of one answer. */
  readonly maxAnswerBytes: number;
};

const SERVICE = '/inference.GRPCInferenceService';
const unary = { requestStream: false, responseStream: false, options: {} } as const;
const asItIs = (bytes: Buffer): Buffer => bytes;
/** The client makes a Buffer of what it gets: of a Buffer a copy, of its memory one over the same. The message has its memory for itself. */
const asMemory = (message: Buffer): Uint8Array => message.buffer as unknown as Uint8Array;

const DEFINITION = {
  modelInfer: {
    ...unary,
    path: `${SERVICE}/ModelInfer`,
    requestSerialize: asMemory,
    requestDeserialize: (bytes: Uint8Array) => bytes as Buffer,
    responseSerialize: asItIs,
    responseDeserialize: (bytes: Uint8Array) => bytes as Buffer,
  },
  modelMetadata: {
    ...unary,
    path: `${SERVICE}/ModelMetadata`,
    requestSerialize: (request: ModelMetadataRequest) => ModelMetadataRequest.encode(request).finish(),
    requestDeserialize: (bytes: Uint8Array) => ModelMetadataRequest.decode(bytes),
    responseSerialize: (response: ModelMetadataResponse) => ModelMetadataResponse.encode(response).finish(),
    responseDeserialize: (bytes: Uint8Array) => ModelMetadataResponse.decode(bytes),
  },
} as const;

type Link = ReturnType<typeof connect>;

export function createBackend(options: BackendOptions): Backend {
  let link = connect(options);
  return {
    infer: (request, call) => run(link, call, (options) => link.client.modelInfer(request, options)),
    metadata: (request, call) => run(link, call, (options) => link.client.modelMetadata(request, options)),
    isReachable: (withinMs) => isReachable(link.channel, withinMs),
    renew: (credentials) => {
      const old = link;
      link = connect({ ...options, credentials });
      old.retire();
    },
    stop: () => link.channel.close(),
  };
}

/** A connection that ends with its last call once it is retired. */
function connect({ address, credentials, maxAnswerBytes }: BackendOptions) {
  const channel = createChannel(address, credentials, {
    'grpc.max_receive_message_length': maxAnswerBytes,
    'grpc.max_send_message_length': -1,
    // The mesh is in the same pod, and comes and goes with it: it is soon tried again.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 250,
  });
  let calls = 0;
  let isRetired = false;
  const closeIfUnused = (): void => {
    if (isRetired && calls === 0) channel.close();
  };
  return {
    channel,
    client: createClient(DEFINITION, channel),
    begin: () => {
      calls += 1;
    },
    end: () => {
      calls -= 1;
      closeIfUnused();
    },
    retire: () => {
      isRetired = true;
      closeIfUnused();
    },
  };
}

type Options = { readonly metadata: Metadata; readonly signal: AbortSignal; onHeader(header: Metadata): void };

async function run<T>(link: Link, call: BackendCall, start: (options: Options) => Promise<T>): Promise<T> {
  const { metadata, timeoutMs, onHeader } = call;
  const deadline =
    timeoutMs === undefined ? undefined : AbortSignal.timeout(Math.min(Math.ceil(timeoutMs), 2 ** 31 - 1));
  const signal = deadline === undefined ? call.signal : AbortSignal.any([call.signal, deadline]);
  // Whoever works for this call may know how long it is worth while. Eight digits are what there is room for.
  if (timeoutMs !== undefined) metadata.set('grpc-timeout', `${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`);
  link.begin();
  try {
    return await start({ metadata, signal, onHeader });
  } catch (error) {
    if (error instanceof ClientError) throw new RestError(error.code, error.details);
    if (deadline?.aborted === true) throw new RestError(GRPC_CODES.DEADLINE_EXCEEDED, 'context deadline exceeded');
    if (call.signal.aborted) throw new RestError(GRPC_CODES.CANCELLED, 'context canceled');
    throw error;
  } finally {
    link.end();
  }
}

async function isReachable(channel: Channel, withinMs: number): Promise<boolean> {
  try {
    await waitForChannelReady(channel, new Date(Date.now() + withinMs));
    return true;
  } catch {
    return false;
  }
}
