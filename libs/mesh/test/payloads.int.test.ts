import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@meshkeeper/sandbox';
import { clientOf, model, textOf, vmodel } from './inference.ts';
import { setVModel, SKLEARN, startMeshFixture, type Instance, type MeshFixture } from './mesh-fixture.ts';

type Posted = Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, string>> };

describe('payload processors', () => {
  let mesh: MeshFixture;
  let server: Server;
  let url: string;
  let status: number;
  let posts: Posted[];
  beforeEach(async () => {
    [status, posts] = [200, []];
    mesh = await startMeshFixture();
    server = createServer((request, response) => {
      void text(request).then((body) => {
        posts.push(JSON.parse(body) as Posted);
        return response.writeHead(status).end('thanks');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/payloads`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await mesh.stop();
  });
  const start = async (processors: string) => {
    const instance = await mesh.startInstance('mm001', { MM_PAYLOAD_PROCESSORS: processors });
    await instance.api.setVModel(setVModel('v1', 'm1', { loadNow: true, sync: true }));
    return { instance, client: clientOf(instance) };
  };
  const untilPosts = (count: number) =>
    waitFor(async () => (posts.length >= count ? posts : undefined), { timeoutMs: 5_000, what: `${count} posts` });
  const dropped = async ({ metrics }: Instance) =>
    /payloads_dropped_total\{reason="failed"\} (\d+)/.exec(await (await fetch(`${metrics}/metrics`)).text())?.[1];

  test('a receiver gets the request and the response, with the vmodel that was asked', async () => {
    const { client } = await start(`${url}?v1 logger://*`);
    assert.equal(textOf(await client.predict([...vmodel('v1'), 'x-trace', 'one', 'x-trace', 'two'])), 'hello');
    client.close();
    const [request, response] = (await untilPosts(2)).toSorted((a, b) =>
      String(a['kind']).localeCompare(String(b['kind'])),
    );
    const common = { id: request?.['id'], modelid: 'm1', vModelId: 'v1', data: 'aGVsbG8=' };
    assert.deepEqual(request, { ...common, kind: 'request', status: '', metadata: { 'x-trace': 'one,two' } });
    const { metadata, ...rest } = response ?? {};
    assert.deepEqual(rest, { ...common, kind: 'response', status: 'OK' });
    assert.equal(metadata?.['served-model'], 'm1');
  });

  test('a filter keeps other models away from a receiver', async () => {
    const { instance, client } = await start(`${url}?m2`);
    await instance.api.registerModel({ modelId: 'm2', modelInfo: SKLEARN, loadNow: true, sync: true });
    for (const id of ['m1', 'm2']) await client.predict(model(id));
    client.close();
    assert.deepEqual(new Set((await untilPosts(2)).map((post) => post['modelid'])), new Set(['m2']));
  });

  test('a receiver that fails, or is not there, does no harm to requests and is counted', async () => {
    status = 500;
    const { instance, client } = await start(`${url} http://127.0.0.1:1/unreachable`);
    assert.equal(textOf(await client.predict(vmodel('v1'))), 'hello');
    client.close();
    await waitFor(async () => (await dropped(instance)) === '4', { timeoutMs: 5_000, what: 'four losses' });
  });

  test('a failed request is reported with its code and without data', async () => {
    const { client } = await start(url);
    assert.equal(textOf(await client.predict(model('unknown'))), 'NOT_FOUND model not found');
    client.close();
    const posts = (await untilPosts(2)).map(({ modelid, kind, status: code, data }) =>
      [modelid, kind, code, data].join(' '),
    );
    assert.deepEqual(posts.toSorted(), ['unknown request  aGVsbG8=', 'unknown response NOT_FOUND ']);
  });

  test('a wrong processor ends the start', async () => {
    await assert.rejects(mesh.startInstance('mm001', { MM_PAYLOAD_PROCESSORS: 'kafka://h/topic' }));
  });
});
