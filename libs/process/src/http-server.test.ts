import assert from 'node:assert/strict';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { createSelfSigned } from '@meshkeeper/certificates';
import { startHttp, type HttpServer, type HttpTls } from './http-server.ts';
import { createRegistry } from '@meshkeeper/metrics';

const running: HttpServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(tls?: HttpTls): Promise<HttpServer> {
  const checks = { live: () => undefined, ready: () => 'not yet' };
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    registry: createRegistry(),
    ...checks,
    ...(tls !== undefined && { tls }),
  });
  running.push(server);
  return server;
}

function selfSigned(): HttpTls {
  const { certificate, key } = createSelfSigned({ commonName: 'x', usage: 'server', hosts: ['127.0.0.1'] }, new Date());
  return { cert: certificate, key };
}

/** The body, over a connection of its own. */
function getWith(ca: HttpTls['cert'], url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, agent: false }, (response) => void text(response).then(resolve, reject));
    request.on('error', reject);
  });
}

test('health checks say what is not well', async () => {
  const { address } = await start();
  const response = await fetch(`${address}/readyz`);
  assert.deepEqual([response.status, await response.text()], [503, 'not yet']);
});

test('with a certificate everything goes over TLS', async () => {
  const tls = selfSigned();
  const { address } = await start(tls);
  assert.match(address, /^https:/);
  assert.equal(await getWith(tls.cert, `${address}/healthz`), 'ok');
});

test('new connections get a renewed certificate, and an unfit one changes nothing', async () => {
  const [before, after] = [selfSigned(), selfSigned()];
  const server = await start(before);
  server.renewTls(after);
  assert.equal(await getWith(after.cert, `${server.address}/healthz`), 'ok');
  await assert.rejects(getWith(before.cert, `${server.address}/healthz`));
  assert.throws(() => server.renewTls({ ...after, key: before.key }));
  assert.equal(await getWith(after.cert, `${server.address}/healthz`), 'ok');
});
