import type { Connection } from '../client/outgoing-call.ts';

/**
 * Finds a peer that vanished without closing its connection: while calls run and nothing comes, it is pinged every `intervalMs`,
 * and the session is destroyed when not even the ping was answered within another one.
 */
export function keepAlive(connection: Connection, intervalMs: number): void {
  const { session } = connection;
  let waiting = false;
  const timer = setInterval(() => {
    const silent = !connection.heard;
    connection.heard = false;
    if (!silent || connection.running === 0) waiting = false;
    else if (waiting) session.destroy();
    else waiting = ping(connection);
  }, intervalMs).unref();
  session.once('close', () => clearInterval(timer));
}

function ping(connection: Connection): boolean {
  return (
    !connection.session.destroyed &&
    connection.session.ping((error) => {
      if (error === null) connection.heard = true;
    })
  );
}
