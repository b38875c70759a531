import type { DeepPartial } from '@meshkeeper/modelmesh';
import type { MeshMetrics } from '../metrics/metrics.ts';
import { toClientError } from './client-error.ts';
import { type Reply, RpcError, type ServerCall } from '@meshkeeper/grpc';

type Codec<T> = {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
  fromPartial(message: DeepPartial<T>): T;
};

/** A generated service: its methods by name, each with its messages. */
type Definition = {
  readonly fullName: string;
  readonly methods: Readonly<
    Record<string, { readonly name: string; readonly requestType: unknown; readonly responseType: unknown }>
  >;
};
type MessageOf<C> = C extends { decode(bytes: never): infer T } ? T : never;

/** What answers the methods of a service. */
export type UnaryMethods<D extends Definition> = {
  readonly [M in keyof D['methods']]: (
    request: MessageOf<D['methods'][M]['requestType']>,
    call: Pick<ServerCall, 'signal'>,
  ) => Promise<DeepPartial<MessageOf<D['methods'][M]['responseType']>>>;
};

/** A service's calls, from bytes to bytes; undefined for a path that is not the service's. Throws RpcError. */
export function serveUnary<D extends Definition>(
  definition: D,
  methods: UnaryMethods<D>,
  metrics: MeshMetrics,
): (call: ServerCall) => Promise<Reply> | undefined {
  const prefix = `/${definition.fullName}/`;
  const handlers = new Map(
    Object.entries(definition.methods).map(([key, { name, requestType, responseType }]) => [
      prefix + name,
      {
        name,
        request: requestType as Codec<unknown>,
        response: responseType as Codec<unknown>,
        run: methods[key] as (request: unknown, call: ServerCall) => Promise<object>,
      },
    ]),
  );
  return (call) => {
    if (!call.path.startsWith(prefix)) return undefined;
    const handler = handlers.get(call.path);
    if (handler === undefined)
      return Promise.reject(new RpcError('UNIMPLEMENTED', `Method not found: ${call.path.slice(1)}`));
    return counted(handler.name, call, metrics, async () => {
      const answer = await handler.run(handler.request.decode(call.message), call);
      return Buffer.from(handler.response.encode(handler.response.fromPartial(answer)).finish());
    });
  };
}

async function counted(
  method: string,
  call: ServerCall,
  metrics: MeshMetrics,
  answer: () => Promise<Buffer>,
): Promise<Reply> {
  const began = performance.now();
  let [code, bytes] = ['OK', 0];
  try {
    const message = await answer();
    bytes = message.length;
    return { message };
  } catch (error) {
    const failure = toClientError(error);
    code = failure.code;
    throw failure;
  } finally {
    metrics.apiRequest({ method, code }, performance.now() - began, call.message.length, bytes);
  }
}
