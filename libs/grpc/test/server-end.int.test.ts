import assert from 'node:assert/strict';
import { once } from 'node:events';
import { waitFor } from '@meshkeeper/sandbox';
import { echo, type Handle, HELLO, openPeer, peerRefusal, soon, startWire } from './fixture.ts';
import { openRaw } from './raw-http2.ts';

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
