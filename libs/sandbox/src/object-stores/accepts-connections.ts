import { connect } from 'node:net';

/** Whether something listens on a port of 127.0.0.1. Trying to listen there oneself could take the port from the server. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('error', () => answer(false));
    socket.once('connect', () => answer(true));
  });
}
