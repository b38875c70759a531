import type { ChannelTarget } from './connect.ts';
import { createConnector, type ConnectorOptions } from './connector.ts';
import {
  startCall,
  toCancellation,
  type Answer,
  type Connection,
  type Done,
  type OutgoingCall,
} from './outgoing-call.ts';
import { RpcError, toRpcError } from '../message/status.ts';
import { startDeadline } from '../message/timeout.ts';

export type Channel = {
  /** @throws RpcError, and nothing else */
  readonly call: (call: OutgoingCall) => Promise<Answer>;
  /** Connects if there is no connection. @throws RpcError UNAVAILABLE, immediately during the back-off after a failure */
  readonly connect: () => Promise<void>;
  /** Running calls are completed; new ones are refused. */
  readonly close: () => void;
};

/** How often a call that the peer did not accept is retried immediately: gRPC's transparent retry. */
const RETRIES = 2;
/** A session can number 2³⁰ calls, a few days of work. It is left before its last one. */
const CALLS_OF_A_SESSION = 1_000_000_000;

/**
 * A way to call a peer over one HTTP/2 session, which is opened when first needed and replaced when it dies or the peer sends GOAWAY.
 * Calls above the peer's limit of concurrent streams wait within the session. After a failed attempt to connect calls fail at
 * once, unsent, until the back-off is over; a call during an attempt waits for it.
 */
export function openChannel(target: ChannelTarget, options: ConnectorOptions): Channel {
  const connector = createConnector(target, options);

  const start = (call: OutgoingCall, done: Done, retries: number): void => {
    const ready = connector.current();
    if (ready !== undefined) return send(ready, call, done, retries);
    const began = performance.now();
    const whenOpen = (connection: Connection): void => send(connection, lessTime(call, began), done, retries);
    untilOpen(connector.open(), call).then(whenOpen).catch(done.reject);
  };
  const send = (connection: Connection, call: OutgoingCall, done: Done, retries: number): void => {
    const began = performance.now();
    const reject = (error: RpcError): void => {
      if (error.unsent && retries > 0) start(lessTime(call, began), done, retries - 1);
      else done.reject(error);
    };
    try {
      startCall(connection, call, { resolve: done.resolve, reject });
    } catch (error) {
      done.reject(toRpcError(error));
    }
    if (connection.calls > CALLS_OF_A_SESSION) connection.session.close();
  };
  return {
    call: (call) => new Promise((resolve, reject) => start(call, { resolve, reject }, RETRIES)),
    connect: async () => {
      if (connector.current() === undefined) await connector.open();
    },
    close: connector.close,
  };
}

/** The call as it is to be made after some of its time has passed. */
function lessTime(call: OutgoingCall, began: number): OutgoingCall {
  return call.timeoutMs === undefined ? call : { ...call, timeoutMs: call.timeoutMs - (performance.now() - began) };
}

/** Waits for a connection no longer than the call would. */
function untilOpen(opening: Promise<Connection>, { signal, timeoutMs }: OutgoingCall): Promise<Connection> {
  if (signal === undefined && timeoutMs === undefined) return opening;
  return new Promise((resolve, reject) => {
    const cancel = (): void => reject(toCancellation(signal?.reason));
    const late = (): void =>
      reject(new RpcError('DEADLINE_EXCEEDED', 'Deadline exceeded while connecting', { unsent: true }));
    const timer = startDeadline(timeoutMs, late);
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel);
    opening.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    });
  });
}
