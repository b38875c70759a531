import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallError } from '@meshkeeper/domain';
import { KubeTransport } from './transport.ts';

type Answer = { readonly code: number; readonly body: string; readonly headers?: Record<string, string> };

let server: Server;
let url: string;
let answers: Answer[] = [];
let seen: string[] = [];
let renewals = 0;
let transport: KubeTransport;

beforeAll(async () => {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const { code, body, headers = {} } = answers.shift() ?? { code: 200, body: '{"ok":true}' };
    response.writeHead(code, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(async () => {
  answers = [];
  seen = [];
  renewals = 0;
  await transport?.stop();
  transport = new KubeTransport({
    access: async (renew) => {
      if (renew) renewals += 1;
      return { url, tls: {}, headers: { authorization: `Bearer token-${renewals}` } };
    },
  });
});

afterAll(async () => {
  await transport.stop();
  server.close();
});

const get = (): Promise<unknown> => transport.call({ method: 'GET', path: '/x' });

async function waitForCalls(count: number): Promise<void> {
  while (seen.length < count) await new Promise((resolve) => setImmediate(resolve));
}

async function failure(call: Promise<unknown>): Promise<Pick<CallError, 'kind' | 'code' | 'message'>> {
  const error = await call.then(
    () => assert.fail('the call should fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CallError);
  return { kind: error.kind, code: error.code, message: error.message };
}

describe('a call to the API server', () => {
  test('that gets 429 is made again after the time that the server requests', async () => {
    answers = [{ code: 429, body: '{}', headers: { 'retry-after': '1' } }];
    const startedAt = performance.now();
    assert.deepEqual(await get(), { ok: true });
    assert.ok(performance.now() - startedAt >= 990);
    assert.equal(seen.length, 2);
  });

  test('that meets 503 again and again gives up with the server’s own words', async () => {
    answers = Array.from({ length: 4 }, () => ({
      code: 503,
      body: '{"reason":"ServiceUnavailable","message":"not yet"}',
      headers: { 'retry-after': '0.01' },
    }));
    assert.deepEqual(await failure(get()), {
      kind: 'Transient',
      code: 'ServiceUnavailable',
      message: 'GET /x: not yet',
    });
    assert.equal(seen.length, 4);
  });

  test('refused for its credentials is made once more with fresh ones', async () => {
    answers = [{ code: 401, body: '{}' }];
    assert.deepEqual(await get(), { ok: true });
    assert.deepEqual(seen, ['GET /x Bearer token-0', 'GET /x Bearer token-1']);
  });

  test('refused for its credentials after the server was busy is still made with fresh ones', async () => {
    answers = [
      { code: 429, body: '{}', headers: { 'retry-after': '0.01' } },
      { code: 401, body: '{}' },
    ];
    assert.deepEqual(await get(), { ok: true });
    assert.deepEqual(seen, ['GET /x Bearer token-0', 'GET /x Bearer token-0', 'GET /x Bearer token-1']);
  });

  test('that gets 429 with a long wait fails immediately, and reports the wait', async () => {
    answers = [
      { code: 429, body: '{"reason":"TooManyRequests","message":"overloaded"}', headers: { 'retry-after': '60' } },
    ];
    const error = await get().catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CallError);
    assert.deepEqual([error.kind, error.code, error.retryAfterMs], ['Transient', 'TooManyRequests', 60_000]);
    assert.equal(seen.length, 1);
  });

  test('waits without holding a slot', async () => {
    await transport.stop();
    transport = new KubeTransport({ access: async () => ({ url, tls: {}, headers: {} }), inFlight: 1 });
    answers = [{ code: 429, body: '{}', headers: { 'retry-after': '1' } }];
    const order: string[] = [];
    const throttled = get().then(() => order.push('throttled'));
    await waitForCalls(1);
    await get().then(() => order.push('other'));
    await throttled;
    assert.deepEqual(order, ['other', 'throttled']);
  });

  test('is not made again once its signal is aborted', async () => {
    answers = [{ code: 503, body: '{}', headers: { 'retry-after': '2' } }];
    const controller = new AbortController();
    const call = transport.call({ method: 'GET', path: '/x', signal: controller.signal });
    await waitForCalls(1);
    controller.abort();
    assert.deepEqual([(await failure(call)).kind, seen.length], ['Transient', 1]);
  });

  test('refused twice for its credentials fails for good', async () => {
    answers = [
      { code: 401, body: '{"message":"who are you"}' },
      { code: 401, body: '{"message":"who are you"}' },
    ];
    assert.deepEqual(await failure(get()), { kind: 'Terminal', code: '401', message: 'GET /x: who are you' });
  });

  test('without permission says which verb on which resource is missing', async () => {
    const message = 'deployments.apps is forbidden: User "x" cannot list resource "deployments"';
    answers = [{ code: 403, body: JSON.stringify({ reason: 'Forbidden', message }) }];
    assert.deepEqual(await failure(get()), {
      kind: 'Terminal',
      code: 'Forbidden',
      message: `Missing permission: ${message}`,
    });
  });

  for (const [code, kind] of [
    [404, 'Gone'],
    [409, 'Conflict'],
    [410, 'Gone'],
    [422, 'Terminal'],
    [500, 'Transient'],
  ] as const) {
    test(`answered with ${code} is ${kind}`, async () => {
      answers = [{ code, body: 'plain text of a proxy' }];
      assert.deepEqual(await failure(get()), { kind, code: String(code), message: 'GET /x: plain text of a proxy' });
    });
  }

  test('that gets no answer is transient and names the server', async () => {
    const nowhere = new KubeTransport({ access: async () => ({ url: 'http://127.0.0.1:9', tls: {}, headers: {} }) });
    const { kind, code, message } = await failure(nowhere.call({ method: 'GET', path: '/x' }));
    assert.deepEqual({ kind, code }, { kind: 'Transient', code: 'ApiServerUnreachable' });
    assert.match(message, /^GET \/x: the API server http:\/\/127\.0\.0\.1:9 does not answer/);
    await nowhere.stop();
  });

  test('that streams gives one line after the other, also when they come in pieces', async () => {
    answers = [{ code: 200, body: '{"a":1}\n{"b":"é"}\n' }];
    const lines: string[] = [];
    for await (const line of transport.stream({ method: 'GET', path: '/watch' })) lines.push(line);
    assert.deepEqual(lines, ['{"a":1}', '{"b":"é"}']);
  });
});
