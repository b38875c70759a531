import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { compressionAlgorithms, credentials, Metadata } from '@grpc/grpc-js';
import { createAuthority, createLeaf, waitFor } from '@meshkeeper/sandbox';
import { valuesOf } from '../src/message/headers.ts';
import type { ServerCall } from '../src/server/incoming-call.ts';
import type { GrpcServer } from '../src/server/server.ts';
import { RpcError } from '../src/message/status.ts';
import { framed } from '../src/message/write-message.ts';
import { echo, MAX_BYTES, openPeer, PATH, peerRefusal, startWire, type Handle, type Peer } from './fixture.ts';

const HELLO = Buffer.from('hello');
const same = (bytes: Buffer): Buffer => bytes;
const soon = { timeoutMs: 5_000, intervalMs: 5 };

describe('our server with clients of @grpc/grpc-js', () => {
  let handle: Handle = echo;
  let server: GrpcServer;
  let peer: Peer;
  beforeAll(async () => {
    server = await startWire((call) => handle(call), {
      admit: (path) => (path === '/test.Bytes/Never' ? new RpcError('PERMISSION_DENIED', 'never') : undefined),
    });
    peer = openPeer(server.address);
  });
  afterAll(async () => {
    peer.close();
    await server.stop(0);
  });
  const call = (handler: Handle, message = HELLO, options: Parameters<Peer['call']>[1] = {}) => {
    handle = handler;
    return peer.call(message, options);
  };

  test('messages of any length go there and back', async () => {
    for (const length of [0, 1, 200, 32_768, 32_769, 1_000_000, MAX_BYTES]) {
      const message = Buffer.alloc(length, length % 251);
      assert.ok((await call(echo, message)).message.equals(message), `${length} bytes`);
    }
  });

  test('the handler sees the path, repeated and binary headers, the deadline and the address', async () => {
    let seen: ServerCall | undefined;
    let remote = '';
    await call(
      (call) => {
        seen = call;
        remote = call.remote;
        return echo(call);
      },
      HELLO,
      {
        deadline: Date.now() + 5_000,
        headers: [
          ['mm-model-id', 'a, b'],
          ['mm-model-id', 'c'],
          ['x-bin', Buffer.from('ü')],
        ],
      },
    );
    assert.equal(seen?.path, PATH);
    assert.deepEqual(valuesOf(seen.headers, 'mm-model-id'), ['a, b', 'c']);
    assert.deepEqual(valuesOf(seen.headers, 'x-bin'), ['w7w=']);
    const left = (seen.deadline ?? 0) - performance.now();
    assert.ok(left > 3_000 && left <= 5_000, `${left} ms left`);
    assert.match(remote, /^127\.0\.0\.1:\d+$/);
  });

  test('the headers of a reply arrive, repeated ones too', async () => {
    const headers = ['x-one', '1', 'x-one', '2', 'x-bin', 'AQI'];
    const { metadata } = await call(({ message }) => Promise.resolve({ message, headers }));
    assert.deepEqual(metadata.get('x-one').join('|').replace(', ', '|'), '1|2');
    assert.deepEqual(metadata.get('x-bin'), [Buffer.from([1, 2])]);
  });

  test('an RpcError arrives with its code, its text in UTF-8 and its metadata; anything else is INTERNAL', async () => {
    const error = new RpcError('NOT_FOUND', 'Kein „Modell“ 100 %\n', { metadata: ['x-why', 'because'] });
    await assert.rejects(
      call(() => Promise.reject(error)),
      (got: { code: number; details: string; metadata: Metadata }) => {
        assert.deepEqual([got.code, got.details], [5, 'Kein „Modell“ 100 %\n']);
        return got.metadata.get('x-why')[0] === 'because';
      },
    );
    assert.equal(await peerRefusal(call(() => Promise.reject(new Error('boom')))), '13 boom');
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the worst that a handler can do
    assert.match(await peerRefusal(call(() => Promise.reject(undefined))), /^13 /);
    assert.equal(
      await peerRefusal(
        call(() => {
          throw new Error('immediate');
        }),
      ),
      '13 immediate',
    );
  });

  test('metadata that cannot be sent costs the metadata, not the status', async () => {
    const bad = ['x', 'Ω'];
    const message = '13 The value of x is not ASCII';
    assert.equal(await peerRefusal(call(({ message }) => Promise.resolve({ message, headers: bad }))), message);
    const error = new RpcError('ABORTED', 'no', { metadata: bad });
    assert.equal(await peerRefusal(call(() => Promise.reject(error))), '10 no');
  });

  test('a message one byte too long is RESOURCE_EXHAUSTED, and the connection lives on', async () => {
    const message = Buffer.alloc(MAX_BYTES + 1);
    const text = '8 Request message of 16777217 bytes is longer than the maximum of 16777216';
    for (let i = 0; i < 3; i += 1) assert.equal(await peerRefusal(call(echo, message)), text);
    assert.deepEqual((await call(echo)).message, HELLO);
  });

  test('headers that are too long are RESOURCE_EXHAUSTED', async () => {
    const headers = [['x-long', 'x'.repeat(9_000)]] as const;
    await call(echo);
    assert.match(await peerRefusal(call(echo, HELLO, { headers })), /^8 /);
    const fit = [['x-long', 'x'.repeat(7_000)]] as const;
    assert.deepEqual((await call(echo, HELLO, { headers: fit })).message, HELLO);
  });

  test('a second message is UNIMPLEMENTED, and so is a call that ends without one', async () => {
    handle = echo;
    const streaming = new Promise((_resolve, reject) => {
      const stream = peer.client.makeClientStreamRequest(PATH, same, same, new Metadata(), reject);
      stream.write(HELLO);
      stream.write(HELLO);
    });
    assert.equal(await peerRefusal(streaming), '12 Streaming not supported yet');
    const empty = new Promise((_resolve, reject) => {
      peer.client.makeClientStreamRequest(PATH, same, same, new Metadata(), reject).end();
    });
    assert.equal(await peerRefusal(empty), '13 The call ended before its message was whole');
  });

  test('what is not admitted is refused before its message', async () => {
    const waiting = new Promise((_resolve, reject) => {
      peer.client.makeClientStreamRequest('/test.Bytes/Never', same, same, new Metadata(), reject);
    });
    assert.equal(await peerRefusal(waiting), '7 never');
  });

  test('a passed deadline is reported immediately, and aborts the signal', async () => {
    let signal: AbortSignal | undefined;
    const never: Handle = (call) => {
      signal = call.signal;
      return new Promise(() => undefined);
    };
    assert.match(await peerRefusal(call(never, HELLO, { deadline: Date.now() + 100 })), /^4 /);
    await waitFor(() => signal?.aborted, { ...soon, what: 'the signal' });
  });

  test('a client that cancels or dies aborts the signal', async () => {
    const signals: AbortSignal[] = [];
    handle = (call) => {
      signals.push(call.signal);
      return new Promise(() => undefined);
    };
    const other = openPeer(server.address);
    const running = other.client.makeUnaryRequest(PATH, same, same, HELLO, () => undefined);
    await waitFor(() => signals.length === 1, { ...soon, what: 'the call' });
    running.cancel();
    await waitFor(() => signals[0]?.aborted, { ...soon, what: 'the cancellation' });
    assert.ok(signals[0]?.reason instanceof RpcError);
    assert.equal(signals[0].reason.code, 'CANCELLED');
    const session = await openRaw(server);
    session.request(HEADERS).end(framed(HELLO));
    await waitFor(() => signals.length === 2, { ...soon, what: 'the second call' });
    session.destroy();
    await waitFor(() => signals[1]?.aborted, { ...soon, what: 'the loss' });
    other.close();
  });

  test('gzip is understood, but no bomb; other encodings are UNIMPLEMENTED', async () => {
    handle = echo;
    const zipped = openPeer(server.address, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    const message = Buffer.alloc(100_000, 'abc');
    assert.ok((await zipped.call(message)).message.equals(message));
    zipped.close();
    const session = await openRaw(server);
    const bomb = framed(gzipSync(Buffer.alloc(MAX_BYTES + 1)));
    bomb[0] = 1;
    assert.equal((await rawStatus(session, { 'grpc-encoding': 'gzip' }, bomb))['grpc-status'], '8');
    assert.equal((await rawStatus(session, { 'grpc-encoding': 'gzip' }, bomb.with(5, 0)))['grpc-status'], '13');
    const other = await rawStatus(session, { 'grpc-encoding': 'snappy' }, framed(HELLO));
    assert.deepEqual([other['grpc-status'], other['grpc-accept-encoding']], ['12', 'identity,gzip']);
    session.destroy();
  });

  test('what is no gRPC is answered in HTTP', async () => {
    const session = await openRaw(server);
    assert.equal((await rawStatus(session, { 'content-type': 'application/json' }))[':status'], 415);
    assert.equal((await rawStatus(session, { 'content-type': 'application/grpc-web' }))[':status'], 415);
    assert.equal((await rawStatus(session, { ':method': 'PUT' }))[':status'], 405);
    assert.equal((await rawStatus(session, { 'grpc-timeout': 'soon' }))['grpc-status'], '13');
    session.destroy();
  });

  test('a reply may be many messages, which end with the client', async () => {
    let ended = false;
    handle = ({ signal }) => Promise.resolve({ messages: count(signal) });
    async function* count(signal: AbortSignal) {
      try {
        for (let i = 0; i < 3; i += 1) yield Buffer.from([i]);
        await once(signal, 'abort');
      } finally {
        ended = true;
      }
    }
    const stream = peer.client.makeServerStreamRequest(PATH, same, same, HELLO);
    stream.on('error', () => undefined);
    const got: number[] = [];
    stream.on('data', (bytes: Buffer) => got.push(bytes[0] ?? -1));
    await waitFor(() => got.length === 3, { ...soon, what: 'three messages' });
    stream.cancel();
    await waitFor(() => ended, { ...soon, what: 'the end' });
    handle = () => Promise.resolve({ messages: failing() });
    async function* failing() {
      yield HELLO;
      throw new RpcError('DATA_LOSS', 'lost');
    }
    const failed = peer.client.makeServerStreamRequest(PATH, same, same, HELLO).resume();
    const [error] = (await once(failed, 'error')) as [{ code: number; details: string }];
    assert.deepEqual([error.code, error.details], [15, 'lost']);
  });

  test('garbage on a connection harms no other', async () => {
    handle = echo;
    const { port } = new URL(`http://${server.address}`);
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const frames = [
      '',
      'GET / HTTP/1.1\r\n\r\n',
      preface,
      `${preface}\0\0\x04\x01\0\0\0\0\x01abcd`,
      `${preface}${'\xff'.repeat(99)}`,
    ];
    for (const bytes of frames) {
      const socket = connectSocket(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(Buffer.from(bytes, 'latin1'));
      socket.end();
      await once(socket.resume(), 'close');
    }
    assert.deepEqual((await peer.call(HELLO)).message, HELLO);
  });

  test('a thousand concurrent calls are all answered with their own message', async () => {
    handle = echo;
    const messages = Array.from({ length: 1_000 }, (_, i) => Buffer.from(`message ${i}`));
    const answers = await Promise.all(messages.map((message) => peer.call(message)));
    assert.deepEqual(
      answers.map(({ message }) => String(message)),
      messages.map(String),
    );
  });
});

describe('the end of our server', () => {
  test('running calls have their time, and are cut off after it', async () => {
    const signals: AbortSignal[] = [];
    let finish: () => void = () => undefined;
    const slow: Handle = async (call) => {
      signals.push(call.signal);
      await new Promise<void>((resolve) => (finish = resolve));
      return { message: call.message };
    };
    for (const [inTime, want] of [
      [true, /^OK$/],
      [false, /^14 /],
    ] as const) {
      signals.length = 0;
      const server = await startWire(slow);
      const peer = openPeer(server.address);
      const answer = peerRefusal(peer.call(HELLO));
      await waitFor(() => signals.length === 1, { ...soon, what: 'the call' });
      const stopped = server.stop(inTime ? 5_000 : 50);
      if (inTime) finish();
      assert.match(await answer, want);
      await stopped;
      assert.equal(signals[0]?.aborted, !inTime);
      await assert.rejects(openRaw(server));
      peer.close();
    }
  });

  test('a connection that is too old is replaced without a failed call', async () => {
    const server = await startWire(echo, { maxConnectionAgeMs: 100, maxConnectionAgeGraceMs: 5_000 });
    const peer = openPeer(server.address);
    const session = await openRaw(server);
    const gone = once(session, 'close');
    const work = async () => {
      for (let i = 0; i < 300; i += 1) await peer.call(HELLO);
    };
    await Promise.all([work(), work(), work(), work(), gone]);
    peer.close();
    await server.stop(1_000);
  });
});

describe('our server with TLS', () => {
  const now = new Date();
  const authority = createAuthority('ca', now);
  const stranger = createAuthority('stranger', now);
  const host = createLeaf(authority, { commonName: 'mesh', usage: 'both', hosts: ['127.0.0.1', 'localhost'] }, now);
  const client = createLeaf(authority, { commonName: 'client', usage: 'client' }, now);
  const strange = createLeaf(stranger, { commonName: 'client', usage: 'client' }, now);
  const shows = (leaf?: { readonly key: string; readonly certificate: string }) =>
    credentials.createSsl(
      Buffer.from(authority.certificate),
      leaf === undefined ? null : Buffer.from(leaf.key),
      leaf === undefined ? null : Buffer.from(leaf.certificate),
    );
  const cases = [
    { clientAuth: 'NONE', none: /^OK/, good: /^OK/, bad: /^OK/ },
    { clientAuth: 'OPTIONAL', none: /^OK/, good: /^OK/, bad: /^14/ },
    { clientAuth: 'REQUIRE', none: /^14/, good: /^OK/, bad: /^14/ },
  ] as const;
  for (const { clientAuth, ...want } of cases) {
    test(`clientAuth ${clientAuth}: no, a good and a bad certificate`, async () => {
      const server = await startWire(echo, {
        tls: { key: host.key, cert: host.certificate, ca: authority.certificate, clientAuth },
      });
      const leaves = { none: undefined, good: client, bad: strange };
      for (const name of ['none', 'good', 'bad'] as const) {
        const peer = openPeer(server.address, shows(leaves[name]));
        assert.match(await peerRefusal(peer.call(HELLO, { deadline: Date.now() + 5_000 })), want[name], name);
        peer.close();
      }
      await server.stop(1_000);
    });
  }
});

const HEADERS = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' };

async function openRaw(server: GrpcServer): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://${server.address}`);
  await once(session, 'remoteSettings');
  session.on('error', () => undefined);
  return session;
}

/** Headers and trailers of a bare HTTP/2 request. */
async function rawStatus(
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
