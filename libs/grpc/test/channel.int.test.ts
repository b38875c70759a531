import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, createServer as createSocketServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, ServerCredentials, status } from '@grpc/grpc-js';
import { createAuthority, createLeaf, freePort, waitFor } from '@meshkeeper/sandbox';
import { binaryValuesOf, valueOf, valuesOf } from '../src/message/headers.ts';
import type { RpcError } from '../src/message/status.ts';
import { framed } from '../src/message/write-message.ts';
import {
  echo,
  MAX_BYTES,
  openPeer,
  openWire,
  PATH,
  peerRefusal,
  refusal,
  startPeer,
  startProxy,
  startWire,
} from './fixture.ts';

const HELLO = Buffer.from('hello');
const CALL = { path: PATH, message: HELLO };
const soon = { timeoutMs: 5_000, intervalMs: 5 };

describe('our channel with servers of @grpc/grpc-js', () => {
  test('messages of any length and headers go there and back', async () => {
    let seen = new Metadata();
    const { server, address } = await startPeer((call, done) => {
      seen = call.metadata;
      call.sendMetadata(seen);
      done(null, call.request);
    });
    const channel = openWire(address);
    for (const length of [0, 200, 32_769, MAX_BYTES]) {
      const message = Buffer.alloc(length, 9);
      assert.ok((await channel.call({ path: PATH, message })).message.equals(message), `${length} bytes`);
    }
    const { headers } = await channel.call({ ...CALL, headers: ['x-one', 'a', 'x-one', 'b', 'x-bin', 'AQI'] });
    assert.deepEqual(seen.get('x-bin'), [Buffer.from([1, 2])]);
    assert.deepEqual(valuesOf(headers, 'x-one'), ['a, b']);
    assert.deepEqual(binaryValuesOf(headers, 'x-bin'), [Buffer.from([1, 2])]);
    channel.close();
    server.forceShutdown();
  });

  test('failures come with code, text and the metadata of headers and trailers', async () => {
    const metadata = new Metadata();
    metadata.add('x-why', 'because');
    const head = new Metadata();
    head.add('x-who', 'me');
    const { server, address } = await startPeer((call, done) => {
      // Without headers before them the trailers are all that comes.
      if (call.request.equals(HELLO)) call.sendMetadata(head);
      done({ code: status.FAILED_PRECONDITION, details: '„so“ %', metadata });
    });
    const channel = openWire(address);
    const fails = (message: Buffer, who: string | undefined): Promise<void> =>
      assert.rejects(channel.call({ ...CALL, message }), (error: RpcError) => {
        assert.deepEqual([error.code, error.details, error.unsent], ['FAILED_PRECONDITION', '„so“ %', false]);
        assert.deepEqual([valueOf(error.metadata, 'x-who'), valuesOf(error.metadata, 'x-why')], [who, ['because']]);
        return true;
      });
    await fails(HELLO, 'me');
    await fails(Buffer.from('no headers'), undefined);
    assert.match(await refusal(channel.call({ ...CALL, path: '/a.B/None' })), /^UNIMPLEMENTED /);
    assert.match(await refusal(channel.call({ ...CALL, headers: ['Bad Name', ''] })), /^INTERNAL /);
    channel.close();
    server.forceShutdown();
  });

  test('an answer that is too long is RESOURCE_EXHAUSTED', async () => {
    const { server, address } = await startPeer((_call, done) => done(null, Buffer.alloc(MAX_BYTES + 1)), {
      'grpc.max_send_message_length': -1,
    });
    const channel = openWire(address);
    assert.match(await refusal(channel.call(CALL)), /^RESOURCE_EXHAUSTED Response message of 16777217 bytes/);
    channel.close();
    server.forceShutdown();
  });

  test('a cancelled call and a deadline reach the server', async () => {
    let cancelled = 0;
    const { server, address } = await startPeer((call) => call.on('cancelled', () => (cancelled += 1)));
    const channel = openWire(address);
    const controller = new AbortController();
    const running = refusal(channel.call({ ...CALL, signal: controller.signal }));
    setImmediate(() => controller.abort());
    assert.equal(await running, 'CANCELLED The call was cancelled');
    assert.equal(await refusal(channel.call({ ...CALL, timeoutMs: 50 })), 'DEADLINE_EXCEEDED Deadline exceeded');
    await waitFor(() => cancelled >= 1, { ...soon, what: 'the cancellation at the server' });
    assert.match(await refusal(channel.call({ ...CALL, signal: AbortSignal.abort() })), /^CANCELLED/);
    channel.close();
    server.forceShutdown();
  });

  test('more calls than the server accepts concurrently wait for their turn', async () => {
    let running = 0;
    let most = 0;
    const { server, address } = await startPeer(
      ({ request }, done) => {
        running += 1;
        most = Math.max(most, running);
        setTimeout(() => {
          running -= 1;
          done(null, request);
        }, 5);
      },
      { 'grpc.max_concurrent_streams': 10 },
    );
    const channel = openWire(address);
    await Promise.all(Array.from({ length: 300 }, () => channel.call(CALL)));
    assert.equal(most, 10);
    channel.close();
    server.forceShutdown();
  });

  test('a server on a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wire-'));
    const { server, address } = await startPeer(({ request }, done) => done(null, request), {}, `unix:${folder}/s`);
    const channel = openWire(address);
    assert.deepEqual((await channel.call(CALL)).message, HELLO);
    channel.close();
    server.forceShutdown();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a server with mutual TLS', async () => {
    const now = new Date();
    const authority = createAuthority('ca', now);
    const host = createLeaf(authority, { commonName: 'mesh', usage: 'both', hosts: ['127.0.0.1'] }, now);
    const pair = { private_key: Buffer.from(host.key), cert_chain: Buffer.from(host.certificate) };
    const secure = ServerCredentials.createSsl(Buffer.from(authority.certificate), [pair], true);
    const { server, address } = await startPeer(({ request }, done) => done(null, request), {}, '127.0.0.1:0', secure);
    const { certificate: cert, key } = host;
    const channel = openWire(address, { tls: { ca: authority.certificate, cert, key } });
    assert.deepEqual((await channel.call(CALL)).message, HELLO);
    const strangers = [
      openWire(address, { tls: { ca: authority.certificate } }),
      openWire(address, { tls: { cert, key } }),
    ];
    for (const stranger of strangers) assert.match(await refusal(stranger.call(CALL)), /^UNAVAILABLE/);
    for (const one of [channel, ...strangers]) one.close();
    server.forceShutdown();
  });
});

describe('our channel when its peer goes', () => {
  test('a peer that is absent is UNAVAILABLE and unsent, immediately during the back-off, and recovers', async () => {
    const port = await freePort();
    const channel = openWire(`127.0.0.1:${port}`);
    for (let i = 0; i < 3; i += 1) {
      await assert.rejects(channel.call(CALL), { code: 'UNAVAILABLE', unsent: true });
    }
    await assert.rejects(channel.connect(), { code: 'UNAVAILABLE', unsent: true });
    const server = await startWire(echo, { on: { host: '127.0.0.1', port } });
    await waitFor(() => channel.connect().then(() => true), { ...soon, what: 'a connection' });
    assert.deepEqual((await channel.call(CALL)).message, HELLO);
    channel.close();
    await assert.rejects(channel.call(CALL), { code: 'UNAVAILABLE', unsent: true });
    await server.stop(1_000);
  });

  test('a peer that accepts connections and says nothing is unsent too, and no call waits longer than its own time', async () => {
    const silent = createSocketServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const channel = openWire(`127.0.0.1:${port}`, { connectTimeoutMs: 200 });
    const impatient = refusal(channel.call({ ...CALL, timeoutMs: 20 }));
    await assert.rejects(channel.call(CALL), { code: 'UNAVAILABLE', unsent: true, details: /no answer within 200 ms/ });
    assert.equal(await impatient, 'DEADLINE_EXCEEDED Deadline exceeded while connecting');
    channel.close();
    silent.close();
  });

  test('a connection lost within a call is UNAVAILABLE and not unsent; the next call has a new one', async () => {
    const streams: ServerHttp2Stream[] = [];
    const server = createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => undefined);
      if (streams.push(stream) > 1) reply(stream, [HELLO]);
    });
    const channel = await openTo(server);
    const running = assert.rejects(channel.call(CALL), { code: 'UNAVAILABLE', unsent: false });
    await waitFor(() => streams.length === 1, { ...soon, what: 'the call' });
    streams[0]?.session?.destroy();
    await running;
    assert.deepEqual((await channel.call(CALL)).message, HELLO);
    channel.close();
    server.close();
  });

  test('servers that retire in the midst of traffic cost no call', async () => {
    const port = await freePort();
    let server = await startWire(echo, { on: { host: '127.0.0.1', port } });
    const channel = openWire(`127.0.0.1:${port}`);
    const end = new AbortController();
    let calls = 0;
    const work = async () => {
      for (; !end.signal.aborted; calls += 1) await channel.call(CALL);
    };
    const aged = await startWire(echo, { maxConnectionAgeMs: 30, maxConnectionAgeGraceMs: 5_000 });
    const other = openWire(aged.address);
    const workOnAged = async () => {
      for (; !end.signal.aborted; calls += 1) await other.call(CALL);
    };
    const all = Promise.all([work(), work(), work(), workOnAged(), workOnAged()]);
    for (let i = 0; i < 5; i += 1) {
      const before = calls;
      await Promise.race([all, waitFor(() => calls > before + 200, { ...soon, what: 'calls' })]);
      // The successor listens as soon as the port is free, which is before the last calls of the old one are answered.
      const stopping = server.stop(5_000);
      server = await startWire(echo, { on: { host: '127.0.0.1', port } });
      await stopping;
    }
    end.abort();
    await all;
    channel.close();
    other.close();
    await Promise.all([server.stop(1_000), aged.stop(1_000)]);
  });

  test('a vanished peer is found by the pings, also within a call', async () => {
    const server = createHttp2Server().on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => undefined);
      // Reads nothing any more: as if the machine were gone.
      held.pause();
    });
    let held = { pause: (): void => undefined };
    const proxy = createSocketServer((socket) => {
      const onward = connectSocket(portOf(server), '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const one of [socket, onward]) one.on('error', () => undefined);
      held = { pause: () => void onward.unpipe(socket) };
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const channel = openWire(`127.0.0.1:${portOf(proxy)}`, { keepAliveMs: 50 });
    await assert.rejects(channel.call(CALL), { code: 'UNAVAILABLE', unsent: false });
    channel.close();
    proxy.close();
    server.close();
  });
});

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

describe('our server before our channel before a server of @grpc/grpc-js', () => {
  test('a cancellation and a deadline go through both hops', async () => {
    let cancelled = 0;
    let began = 0;
    const { server, address } = await startPeer((call) => {
      began += 1;
      call.on('cancelled', () => (cancelled += 1));
    });
    const channel = openWire(address);
    const proxy = await startProxy(channel);
    const peer = openPeer(proxy.address);
    const call = peer.client.makeUnaryRequest(
      PATH,
      (b: Buffer) => b,
      (b) => b,
      HELLO,
      () => undefined,
    );
    await waitFor(() => began === 1, { ...soon, what: 'the call' });
    call.cancel();
    await waitFor(() => cancelled === 1, { ...soon, what: 'the cancellation' });
    assert.match(await peerRefusal(peer.call(HELLO, { deadline: Date.now() + 50 })), /^4 /);
    await waitFor(() => cancelled === 2, { ...soon, what: 'the deadline' });
    peer.close();
    await proxy.stop(0);
    channel.close();
    server.forceShutdown();
  });

  test('many concurrent calls, with long messages among them, stay separate', async () => {
    const { server, address } = await startPeer(({ request }, done) => done(null, request));
    const channel = openWire(address);
    const proxy = await startProxy(channel);
    const peer = openPeer(proxy.address);
    const messages = Array.from({ length: 400 }, (_, i) => Buffer.alloc(i % 40 === 0 ? 3_000_000 : i * 7, i));
    const answers = await Promise.all(messages.map((message) => peer.call(message)));
    assert.ok(answers.every(({ message }, i) => messages[i]?.equals(message)));
    peer.close();
    await proxy.stop(1_000);
    channel.close();
    server.forceShutdown();
  });
});

async function openTo(server: ReturnType<typeof createHttp2Server>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return openWire(`127.0.0.1:${portOf(server)}`);
}

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

function reply(stream: ServerHttp2Stream, messages: readonly Buffer[]): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat(messages.map(framed)));
}
