import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Metadata } from '@grpc/grpc-js';
import { waitFor } from '@meshkeeper/sandbox';
import { valuesOf } from '../src/message/headers.ts';
import type { ServerCall } from '../src/server/incoming-call.ts';
import { RpcError } from '../src/message/status.ts';
import { framed } from '../src/message/write-message.ts';
import { echo, type Handle, HELLO, MAX_BYTES, openPeer, PATH, peerRefusal, same, soon, useServer } from './fixture.ts';
import { HEADERS, openRaw } from './raw-http2.ts';

const wire = useServer();

describe('calls of clients of @grpc/grpc-js to our server', () => {
  test('messages of any length go there and back', async () => {
    for (const length of [0, 1, 200, 32_768, 32_769, 1_000_000, MAX_BYTES]) {
      const message = Buffer.alloc(length, length % 251);
      assert.ok((await wire.call(echo, message)).message.equals(message), `${length} bytes`);
    }
  });

  test('the handler sees the path, repeated and binary headers, the deadline and the address', async () => {
    let seen: ServerCall | undefined;
    let remote = '';
    await wire.call(
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
    const { metadata } = await wire.call(({ message }) => Promise.resolve({ message, headers }));
    assert.deepEqual(metadata.get('x-one').join('|').replace(', ', '|'), '1|2');
    assert.deepEqual(metadata.get('x-bin'), [Buffer.from([1, 2])]);
  });

  test('an RpcError arrives with its code, its text in UTF-8 and its metadata; anything else is INTERNAL', async () => {
    const error = new RpcError('NOT_FOUND', 'Kein „Modell“ 100 %\n', { metadata: ['x-why', 'because'] });
    await assert.rejects(
      wire.call(() => Promise.reject(error)),
      (got: { code: number; details: string; metadata: Metadata }) => {
        assert.deepEqual([got.code, got.details], [5, 'Kein „Modell“ 100 %\n']);
        return got.metadata.get('x-why')[0] === 'because';
      },
    );
    assert.equal(await peerRefusal(wire.call(() => Promise.reject(new Error('boom')))), '13 boom');
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the worst that a handler can do
    assert.match(await peerRefusal(wire.call(() => Promise.reject(undefined))), /^13 /);
    assert.equal(
      await peerRefusal(
        wire.call(() => {
          throw new Error('immediate');
        }),
      ),
      '13 immediate',
    );
  });

  test('metadata that cannot be sent costs the metadata, not the status', async () => {
    const bad = ['x', 'Ω'];
    const message = '13 The value of x is not ASCII';
    assert.equal(await peerRefusal(wire.call(({ message }) => Promise.resolve({ message, headers: bad }))), message);
    const error = new RpcError('ABORTED', 'no', { metadata: bad });
    assert.equal(await peerRefusal(wire.call(() => Promise.reject(error))), '10 no');
  });

  test('a passed deadline is reported immediately, and aborts the signal', async () => {
    let signal: AbortSignal | undefined;
    const never: Handle = (call) => {
      signal = call.signal;
      return new Promise(() => undefined);
    };
    assert.match(await peerRefusal(wire.call(never, HELLO, { deadline: Date.now() + 100 })), /^4 /);
    await waitFor(() => signal?.aborted, { ...soon, what: 'the signal' });
  });

  test('a client that cancels or dies aborts the signal', async () => {
    const signals: AbortSignal[] = [];
    wire.handle = (call) => {
      signals.push(call.signal);
      return new Promise(() => undefined);
    };
    const other = openPeer(wire.server.address);
    const running = other.client.makeUnaryRequest(PATH, same, same, HELLO, () => undefined);
    await waitFor(() => signals.length === 1, { ...soon, what: 'the call' });
    running.cancel();
    await waitFor(() => signals[0]?.aborted, { ...soon, what: 'the cancellation' });
    assert.ok(signals[0]?.reason instanceof RpcError);
    assert.equal(signals[0].reason.code, 'CANCELLED');
    const session = await openRaw(wire.server);
    session.request(HEADERS).end(framed(HELLO));
    await waitFor(() => signals.length === 2, { ...soon, what: 'the second call' });
    session.destroy();
    await waitFor(() => signals[1]?.aborted, { ...soon, what: 'the loss' });
    other.close();
  });

  test('a reply may be many messages, which end with the client', async () => {
    let ended = false;
    wire.handle = ({ signal }) => Promise.resolve({ messages: count(signal) });
    async function* count(signal: AbortSignal) {
      try {
        for (let i = 0; i < 3; i += 1) yield Buffer.from([i]);
        await once(signal, 'abort');
      } finally {
        ended = true;
      }
    }
    const stream = wire.peer.client.makeServerStreamRequest(PATH, same, same, HELLO);
    stream.on('error', () => undefined);
    const got: number[] = [];
    stream.on('data', (bytes: Buffer) => got.push(bytes[0] ?? -1));
    await waitFor(() => got.length === 3, { ...soon, what: 'three messages' });
    stream.cancel();
    await waitFor(() => ended, { ...soon, what: 'the end' });
    wire.handle = () => Promise.resolve({ messages: failing() });
    async function* failing() {
      yield HELLO;
      throw new RpcError('DATA_LOSS', 'lost');
    }
    const failed = wire.peer.client.makeServerStreamRequest(PATH, same, same, HELLO).resume();
    const [error] = (await once(failed, 'error')) as [{ code: number; details: string }];
    assert.deepEqual([error.code, error.details], [15, 'lost']);
  });

  test('a thousand concurrent calls are all answered with their own message', async () => {
    wire.handle = echo;
    const messages = Array.from({ length: 1_000 }, (_, i) => Buffer.from(`message ${i}`));
    const answers = await Promise.all(messages.map((message) => wire.peer.call(message)));
    assert.deepEqual(
      answers.map(({ message }) => String(message)),
      messages.map(String),
    );
  });
});
