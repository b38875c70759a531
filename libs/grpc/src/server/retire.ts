import { constants, type ServerHttp2Session } from 'node:http2';

/** The highest stream id: "no new calls, please, but those on their way are still welcome". */
const ANY_STREAM = 2 ** 31 - 1;
/** A client on node that has no calls shuts its half on the notice, and never answers the ping: no reason to wait long for it. */
const NOTICE_LIMIT_MS = 200;

/**
 * Ends a connection without losing a call: a notice, a round trip for the calls that the client sent before it saw the notice,
 * then the GOAWAY that names the last call taken. Resolves when the connection is closed; calls that still run after `graceMs`
 * are cut off. Without `graceMs` they take as long as they take.
 */
export function retire(session: ServerHttp2Session, graceMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) return resolve();
    const close = (): void => {
      if (!session.closed) session.close();
    };
    const notice = setTimeout(close, Math.min(graceMs ?? NOTICE_LIMIT_MS, NOTICE_LIMIT_MS));
    const limit = graceMs === undefined ? undefined : setTimeout(() => session.destroy(), graceMs);
    session.once('close', () => {
      clearTimeout(notice);
      clearTimeout(limit);
      resolve();
    });
    if (session.closed) return;
    session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
    session.ping(close);
  });
}
