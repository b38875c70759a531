import assert from 'node:assert/strict';
import type { createServer as createHttp2Server, ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { framed } from '../src/message/write-message.ts';
import { openWire } from './fixture.ts';

export async function openTo(server: ReturnType<typeof createHttp2Server>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return openWire(`127.0.0.1:${portOf(server)}`);
}

export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

export function reply(stream: ServerHttp2Stream, messages: readonly Buffer[]): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat(messages.map(framed)));
}
