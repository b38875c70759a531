import assert from 'node:assert/strict';
import { waitFor } from '@meshkeeper/sandbox';
import { HELLO, openPeer, openWire, PATH, peerRefusal, soon, startPeer, startProxy } from './fixture.ts';

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
