import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { connect as connectSocket, createServer as createSocketServer, type AddressInfo } from 'node:net';
import { freePort, waitFor } from '@meshkeeper/sandbox';
import { CALL, echo, HELLO, openWire, refusal, soon, startWire } from './fixture.ts';
import { openTo, portOf, reply } from './http2-peer.ts';

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
