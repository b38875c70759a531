import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import type { GrpcServer } from '../src/server/server.ts';
import { HELLO, PATH } from './fixture.ts';

export const HEADERS = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' };

export async function openRaw(server: GrpcServer): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://${server.address}`);
  await once(session, 'remoteSettings');
  session.on('error', () => undefined);
  return session;
}

/** Headers and trailers of a bare HTTP/2 request. */
export async function rawStatus(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = HELLO,
) {
  const stream = session.request({ ...HEADERS, ...headers });
  let got: Readonly<Record<string, unknown>> = {};
  stream.on('error', () => undefined);
  stream.on('response', (headers) => (got = { ...got, ...headers }));
  stream.on('trailers', (trailers) => (got = { ...got, ...trailers }));
  stream.resume().end(body);
  await once(stream, 'close');
  return got;
}
