import assert from 'node:assert/strict';
import { connect as connectSocket, createServer as createSocketServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@meshkeeper/sandbox';
import type { RpcError } from '../src/message/status.ts';
import { echo, MAX_BYTES, openWire, PATH, refusal, startProxy, startWire } from './fixture.ts';

const HELLO = Buffer.from('hello');
const CALL = { path: PATH, message: HELLO };
const soon = { timeoutMs: 5_000, intervalMs: 5 };

describe('our transport under fire', () => {
  test('sockets that die and calls that are cancelled at any moment: every call ends, and the next one is well', async () => {
    const server = await startWire(async ({ message, signal }) => {
      await sleep(Math.random() * 3, undefined, { signal }).catch(() => undefined);
      return { message };
    });
    const cut = await startCutter(server.address);
    const inner = openWire(cut.address);
    const proxy = await startProxy(inner);
    const outer = openWire(proxy.address);
    const outcomes = new Map<string, number>();
    const work = async (worker: number) => {
      for (let i = 0; i < 150; i += 1) {
        const message = Buffer.alloc(i % 30 === 0 ? 500_000 : 500, worker);
        const signal = AbortSignal.timeout(1 + Math.floor(Math.random() * 30));
        const outcome = await outer.call({ path: PATH, message, signal, timeoutMs: 1 + Math.random() * 30 }).then(
          (answer) => (answer.message.equals(message) ? 'OK' : 'WRONG'),
          (error: RpcError) => error.code,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (Math.random() < 0.02) cut.now();
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, worker) => work(worker)));
    const known = new Set(['OK', 'CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE']);
    assert.deepEqual(new Set([...outcomes.keys(), ...known]), known);
    await waitFor(async () => (await outer.call(CALL)).message.equals(HELLO), { ...soon, what: 'an answer' });
    for (const one of [outer, inner]) one.close();
    await Promise.all([proxy.stop(1_000), server.stop(1_000), cut.stop()]);
  });

  test('a message above the limit is refused by our server, and our channel hears why', async () => {
    const server = await startWire(echo, { maxMessageBytes: 1_000 });
    const channel = openWire(server.address);
    for (const length of [1_001, MAX_BYTES]) {
      const text = `RESOURCE_EXHAUSTED Request message of ${length} bytes is longer than the maximum of 1000`;
      assert.equal(await refusal(channel.call({ path: PATH, message: Buffer.alloc(length) })), text);
    }
    assert.deepEqual((await channel.call(CALL)).message, HELLO);
    channel.close();
    await server.stop(1_000);
  });

  test('a client that reads nothing does not hold up the end of the server', async () => {
    const server = await startWire(() => Promise.resolve({ message: Buffer.alloc(MAX_BYTES) }));
    const cut = await startCutter(server.address);
    const channel = openWire(cut.address);
    const calls = [1, 2, 3].map(() => refusal(channel.call(CALL)));
    await waitFor(() => cut.carried() > 10_000, { ...soon, what: 'the first bytes' });
    cut.hold();
    await server.stop(50);
    await cut.stop();
    for (const outcome of await Promise.all(calls)) assert.match(outcome, /^OK|^UNAVAILABLE/);
    channel.close();
  });
});

/** A TCP proxy that can cut or hold all its connections. */
async function startCutter(address: string) {
  const sockets = new Set<Socket>();
  let carried = 0;
  const [host = '', port = ''] = address.split(':');
  const server = createSocketServer((near) => {
    const far = connectSocket(Number(port), host);
    near.pipe(far).pipe(near);
    far.on('data', (bytes) => (carried += bytes.length));
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined));
      socket.once('close', () => {
        sockets.delete(socket);
        for (const other of [near, far]) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = server.address();
  assert.ok(own !== null && typeof own === 'object');
  const now = () => sockets.forEach((socket) => (Math.random() < 0.5 ? socket.destroy() : socket.resetAndDestroy()));
  return {
    address: `127.0.0.1:${own.port}`,
    now,
    carried: () => carried,
    hold: () => sockets.forEach((socket) => void socket.unpipe().pause()),
    stop: async () => {
      server.close();
      now();
    },
  };
}
