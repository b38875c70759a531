import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { compressionAlgorithms, credentials, Metadata } from '@grpc/grpc-js';
import { framed } from '../src/message/write-message.ts';
import { echo, HELLO, MAX_BYTES, NEVER, openPeer, PATH, peerRefusal, same, useServer } from './fixture.ts';
import { openRaw, rawStatus } from './raw-http2.ts';

const wire = useServer();

describe('what our server refuses', () => {
  test('a message one byte too long is RESOURCE_EXHAUSTED, and the connection lives on', async () => {
    const message = Buffer.alloc(MAX_BYTES + 1);
    const text = '8 Request message of 16777217 bytes is longer than the maximum of 16777216';
    for (let i = 0; i < 3; i += 1) assert.equal(await peerRefusal(wire.call(echo, message)), text);
    assert.deepEqual((await wire.call(echo)).message, HELLO);
  });

  test('headers that are too long are RESOURCE_EXHAUSTED', async () => {
    const headers = [['x-long', 'x'.repeat(9_000)]] as const;
    await wire.call(echo);
    assert.match(await peerRefusal(wire.call(echo, HELLO, { headers })), /^8 /);
    const fit = [['x-long', 'x'.repeat(7_000)]] as const;
    assert.deepEqual((await wire.call(echo, HELLO, { headers: fit })).message, HELLO);
  });

  test('a second message is UNIMPLEMENTED, and so is a call that ends without one', async () => {
    wire.handle = echo;
    const streaming = new Promise((_resolve, reject) => {
      const stream = wire.peer.client.makeClientStreamRequest(PATH, same, same, new Metadata(), reject);
      stream.write(HELLO);
      stream.write(HELLO);
    });
    assert.equal(await peerRefusal(streaming), '12 Streaming not supported yet');
    const empty = new Promise((_resolve, reject) => {
      wire.peer.client.makeClientStreamRequest(PATH, same, same, new Metadata(), reject).end();
    });
    assert.equal(await peerRefusal(empty), '13 The call ended before its message was whole');
  });

  test('what is not admitted is refused before its message', async () => {
    const waiting = new Promise((_resolve, reject) => {
      wire.peer.client.makeClientStreamRequest(NEVER, same, same, new Metadata(), reject);
    });
    assert.equal(await peerRefusal(waiting), '7 never');
  });

  test('gzip is understood, but no bomb; other encodings are UNIMPLEMENTED', async () => {
    wire.handle = echo;
    const zipped = openPeer(wire.server.address, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    const message = Buffer.alloc(100_000, 'abc');
    assert.ok((await zipped.call(message)).message.equals(message));
    zipped.close();
    const session = await openRaw(wire.server);
    const bomb = framed(gzipSync(Buffer.alloc(MAX_BYTES + 1)));
    bomb[0] = 1;
    assert.equal((await rawStatus(session, { 'grpc-encoding': 'gzip' }, bomb))['grpc-status'], '8');
    assert.equal((await rawStatus(session, { 'grpc-encoding': 'gzip' }, bomb.with(5, 0)))['grpc-status'], '13');
    const other = await rawStatus(session, { 'grpc-encoding': 'snappy' }, framed(HELLO));
    assert.deepEqual([other['grpc-status'], other['grpc-accept-encoding']], ['12', 'identity,gzip']);
    session.destroy();
  });

  test('what is no gRPC is answered in HTTP', async () => {
    const session = await openRaw(wire.server);
    assert.equal((await rawStatus(session, { 'content-type': 'application/json' }))[':status'], 415);
    assert.equal((await rawStatus(session, { 'content-type': 'application/grpc-web' }))[':status'], 415);
    assert.equal((await rawStatus(session, { ':method': 'PUT' }))[':status'], 405);
    assert.equal((await rawStatus(session, { 'grpc-timeout': 'soon' }))['grpc-status'], '13');
    session.destroy();
  });

  test('garbage on a connection harms no other', async () => {
    wire.handle = echo;
    const { port } = new URL(`http://${wire.server.address}`);
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
    assert.deepEqual((await wire.peer.call(HELLO)).message, HELLO);
  });
});
