/**
 * What typed gRPC (nice-grpc) needs beside the byte-level transport: translated errors, deadlines, and a server of `mmesh.ModelRuntime`'s kind.
 */
export {
  callWithDeadline,
  isConnectionFailure,
  isHandshakeFailure,
  toCallError,
  wasNeverSent,
  statusError,
} from './call-errors.ts';
export { endpointAddress } from './endpoint.ts';
export { serveGrpc, type GrpcServer } from './serve.ts';
export { createModelTurns } from './model-turns.ts';
