import type { Readable } from 'node:stream';

/** Ends an answer that is not needed; keeping the connection is not worth reading the rest. */
export async function discardBody(body: Readable): Promise<void> {
  body.on('error', () => {});
  await new Promise<void>((resolve) => body.once('close', resolve).destroy());
}
