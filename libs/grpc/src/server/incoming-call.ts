import type { ServerHttp2Stream } from 'node:http2';
import { valueOf, type HeaderList } from '../message/headers.ts';
import type { RpcError } from '../message/status.ts';

/** What a handler receives of a call. */
export type ServerCall = {
  /** `/package.Service/Method` */
  readonly path: string;
  /** All headers, those of HTTP/2 and gRPC too. */
  readonly headers: HeaderList;
  readonly message: Buffer;
  /** Aborts, with an RpcError as its reason, when the client cancelled, its connection was lost, or the deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds on the clock of `performance.now()`; undefined for none. */
  readonly deadline: number | undefined;
  /** `address:port` of the client; empty once the call is over. */
  readonly remote: string;
};

const NOTHING = Buffer.alloc(0);

/** A call on its way in. The signal and the remote address cost time, so they are created on first use. */
export class IncomingCall implements ServerCall {
  readonly path: string;
  readonly headers: HeaderList;
  readonly deadline: number | undefined;
  message: Buffer = NOTHING;
  readonly #stream: ServerHttp2Stream;
  #controller: AbortController | undefined;
  #reason: RpcError | undefined;

  constructor(stream: ServerHttp2Stream, headers: HeaderList, timeoutMs: number | undefined) {
    this.#stream = stream;
    this.headers = headers;
    this.path = valueOf(headers, ':path') ?? '';
    this.deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  get remote(): string {
    const socket = this.#stream.session?.socket;
    return socket?.remoteAddress === undefined ? '' : `${socket.remoteAddress}:${socket.remotePort}`;
  }

  abort(reason: RpcError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}
