import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, ServerCredentials, status } from '@grpc/grpc-js';
import { createAuthority, createLeaf, waitFor } from '@meshkeeper/sandbox';
import { binaryValuesOf, valueOf, valuesOf } from '../src/message/headers.ts';
import type { RpcError } from '../src/message/status.ts';
import { CALL, HELLO, MAX_BYTES, openWire, PATH, refusal, soon, startPeer } from './fixture.ts';

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
