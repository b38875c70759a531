import { ModelMetadataRequest, ModelMetadataResponse } from '@meshkeeper/open-inference';
import { codeNumber, openChannel, toRpcError, type Channel, type ChannelTls, type HeaderList } from '@meshkeeper/grpc';
import { RestError } from '@meshkeeper/open-inference/json';

/** What goes with a call, and what may end it. */
export type BackendCall = {
  readonly metadata: HeaderList;
  /** The caller has gone. */
  readonly signal: AbortSignal;
  /** Undefined: the call may take as long as it likes. */
  readonly timeoutMs: number | undefined;
  readonly onHeaders: (headers: HeaderList) => void;
};

/** The inference service of the mesh. Its calls throw RestError with the code and the text of the mesh. */
export type Backend = {
  /** Takes the bytes of a `ModelInferRequest`, and gives those of the answer. */
  infer(request: Buffer, call: BackendCall): Promise<Buffer>;
  metadata(request: ModelMetadataRequest, call: BackendCall): Promise<ModelMetadataResponse>;
  /** Whether there is a connection, or comes one within a second. */
  isReachable(): Promise<boolean>;
  /** Calls from now on go over a connection of these; those that run stay on theirs. */
  renew(tls: ChannelTls | undefined): void;
  /** Does not wait for calls. */
  stop(): void;
};

export type BackendOptions = {
  readonly host: string;
  readonly port: number;
  readonly tls: ChannelTls | undefined;
  /** Of one answer. */
  readonly maxAnswerBytes: number;
};

const SERVICE = '/inference.GRPCInferenceService';
/** How this hop and the mesh report a passed deadline; clients know the original's text. A model has its own. */
const OWN_DEADLINE = /^Deadline exceeded/;
const CONNECT_MS = 1_000;
/** The mesh is in the same pod, and comes and goes with it: it is soon tried again. */
const MAX_BACKOFF_MS = 250;

export function createBackend({ host, port, tls, maxAnswerBytes }: BackendOptions): Backend {
  const open = (identity: ChannelTls | undefined): Channel =>
    openChannel(
      { host, port },
      {
        maxMessageBytes: maxAnswerBytes,
        connectTimeoutMs: CONNECT_MS,
        maxBackoffMs: MAX_BACKOFF_MS,
        ...(identity !== undefined && { tls: identity }),
      },
    );
  let channel = open(tls);
  return {
    infer: (request, call) => ask(channel, 'ModelInfer', request, call),
    metadata: async (request, call) => {
      const message = Buffer.from(ModelMetadataRequest.encode(request).finish());
      return ModelMetadataResponse.decode(await ask(channel, 'ModelMetadata', message, call));
    },
    isReachable: () =>
      channel.connect().then(
        () => true,
        () => false,
      ),
    renew: (identity) => {
      const old = channel;
      channel = open(identity);
      old.close();
    },
    stop: () => channel.close(),
  };
}

async function ask(channel: Channel, method: string, message: Buffer, call: BackendCall): Promise<Buffer> {
  const { metadata, signal, timeoutMs, onHeaders } = call;
  try {
    const answer = await channel.call({ path: `${SERVICE}/${method}`, headers: metadata, message, signal, timeoutMs });
    onHeaders(answer.headers);
    return answer.message;
  } catch (error) {
    const { code, details, metadata } = toRpcError(error);
    onHeaders(metadata);
    throw new RestError(codeNumber(code), OWN_DEADLINE.test(details) ? 'context deadline exceeded' : details);
  }
}
