import type { ChannelOptions } from '@grpc/grpc-js';
import { createServer, ServerError, Status, type CallContext, type ServerMiddlewareCall, type Server } from 'nice-grpc';

/** A gRPC server that listens; `stop` lets running calls end, for a second at most. Never rejects. */
export type GrpcServer = { readonly port: number; stop(): Promise<void> };

export type ServeOptions = {
  /** `host:port`, or `unix:///path`. */
  readonly address: string;
  readonly register: (server: Server) => void;
  /** Bytes, -1 for no limit; 16 MiB when absent. */
  readonly maxMessageBytes?: number;
};

const STOP_MS = 1_000;

/**
 * Serves what `register` adds. An implementation that throws ServerError is answered with its code; any other error with UNKNOWN
 * and its message, as the original's programs do. @throws Error when the address is taken
 */
export async function serveGrpc(options: ServeOptions): Promise<GrpcServer> {
  const bytes = options.maxMessageBytes ?? 16 * 1024 * 1024;
  const channel: ChannelOptions = { 'grpc.max_receive_message_length': bytes, 'grpc.max_send_message_length': -1 };
  const server = createServer(channel).use(sendErrorText);
  options.register(server);
  const port = await server.listen(options.address);
  return {
    port,
    stop: async () => {
      const timer = setTimeout(() => server.forceShutdown(), STOP_MS);
      await server.shutdown().catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

async function* sendErrorText<Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
  try {
    return yield* call.next(call.request, context);
  } catch (error) {
    if (error instanceof ServerError || isAbort(error)) throw error;
    throw new ServerError(Status.UNKNOWN, error instanceof Error ? error.message : String(error));
  }
}

/** nice-grpc answers an aborted call by itself. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
