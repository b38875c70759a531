/**
 * gRPC of unary calls on `node:http2`, whose messages stay bytes: for whoever passes calls on, or answers methods that nobody named to it.
 * It knows nothing of models. Failures, on either side, are RpcError.
 */
export { openChannel, type Channel } from './wire/channel.ts';
export type { ChannelTarget, ChannelTls } from './wire/connect.ts';
export { binaryValuesOf, customMetadata, namesOf, valueOf, valuesOf, type HeaderList } from './wire/headers.ts';
export type { ServerCall } from './wire/incoming-call.ts';
export type { Answer, OutgoingCall } from './wire/outgoing-call.ts';
export type { Reply } from './wire/send-reply.ts';
export { startGrpcServer, type GrpcServerOptions, type ListenOn, type ServerTls } from './wire/server.ts';
export { CODES, codeNumber, isFailureCode, RpcError, toRpcError, type FailureCode } from './wire/status.ts';
