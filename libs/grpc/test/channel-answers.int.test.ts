import assert from 'node:assert/strict';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { framed } from '../src/message/write-message.ts';
import { CALL, HELLO, refusal } from './fixture.ts';
import { openTo, reply } from './http2-peer.ts';

describe('our channel with odd answers', () => {
  const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
  const cases: Readonly<Record<string, readonly [(stream: ServerHttp2Stream) => void, RegExp]>> = {
    'an HTTP error is mapped': [
      (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
      /^UNAVAILABLE HTTP 503/,
    ],
    'an error page is mapped': [
      (stream) => {
        stream.respond({ ':status': 404, 'content-type': 'text/html' });
        stream.end('<html>');
      },
      /^UNIMPLEMENTED HTTP 404/,
    ],
    'a page that is no gRPC is UNKNOWN': [
      (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'text/html' });
        stream.end('<html>');
      },
      /^UNKNOWN HTTP 200 with content-type text\/html/,
    ],
    'an end without a status is INTERNAL': [
      (stream) => {
        stream.respond(GRPC);
        stream.end(framed(HELLO));
      },
      /^INTERNAL /,
    ],
    'OK without a message is UNIMPLEMENTED': [(stream) => reply(stream, []), /^UNIMPLEMENTED /],
    'two messages are UNIMPLEMENTED': [(stream) => reply(stream, [HELLO, HELLO]), /^UNIMPLEMENTED /],
    'a status in the headers with a message after it counts': [
      (stream) => {
        stream.respond({ ...GRPC, 'grpc-status': '0' });
        stream.end(framed(HELLO));
      },
      /^OK$/,
    ],
    'a reset is mapped': [(stream) => stream.close(11), /^RESOURCE_EXHAUSTED /],
    'a reset with CANCEL is CANCELLED': [(stream) => stream.close(8), /^CANCELLED /],
    'a refused stream is tried again, and UNAVAILABLE in the end': [
      (stream) => stream.close(7),
      /^UNAVAILABLE The call was not taken/,
    ],
  };
  for (const [name, [answer, want]] of Object.entries(cases)) {
    test(name, async () => {
      const server = createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
        stream.on('error', () => undefined);
        answer(stream.resume());
      });
      const channel = await openTo(server);
      assert.match(await refusal(channel.call(CALL)), want);
      channel.close();
      server.close();
    });
  }
});
