/**
 * gRPC of unary calls on `node:http2`, whose messages stay bytes: for proxies, and for servers of methods that are not known in advance.
 * It knows nothing of models. Failures, on either side, are RpcError.
 */
export { openChannel, type Channel } from './client/channel.ts';
export type { ChannelTarget, ChannelTls } from './client/connect.ts';
export { binaryValuesOf, customMetadata, namesOf, valueOf, valuesOf, type HeaderList } from './message/headers.ts';
export type { ServerCall } from './server/incoming-call.ts';
export type { Answer, OutgoingCall } from './client/outgoing-call.ts';
export type { Reply } from './server/send-reply.ts';
export { startGrpcServer, type GrpcServerOptions, type ListenOn, type ServerTls } from './server/server.ts';
export { CODES, codeNumber, isFailureCode, RpcError, toRpcError, type FailureCode } from './message/status.ts';
