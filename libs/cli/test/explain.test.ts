import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Explanation, RuntimeExplanation } from '@meshkeeper/domain';
import { parseExplainArguments } from '../src/explain-arguments.ts';
import { runCli } from '../src/run-cli.ts';
import { meshkeeper, scratchFolder } from './bench.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const runs = {
  runs: 3,
  isRunning: false,
  nextRunAt: undefined,
  waitingSince: undefined,
  failures: 2,
  lastError: 'the mesh: UNAVAILABLE',
  next: 'The next try comes in 30 s, or with the next change.',
};
const model: Explanation = {
  kind: 'InferenceService',
  namespace: 'team-a',
  name: 'digits',
  at: NOW,
  ready: false,
  summary: 'Not ready. NoSupportingRuntime: No runtime serves onnx.',
  reason: 'NoSupportingRuntime',
  todo: 'Add a runtime.',
  gates: [
    { name: 'object', state: 'passed', message: 'The object is valid' },
    {
      name: 'runtime',
      state: 'open',
      reason: 'NoSupportingRuntime',
      message: 'No runtime serves onnx',
      details: [
        { about: 'ServingRuntime a', says: 'disabled' },
        { about: 'ClusterServingRuntime bc', says: 'supports sklearn, but onnx was requested' },
      ],
    },
    { name: 'storage', state: 'waiting', message: 'Waits' },
  ],
  models: [
    {
      modelId: 'digits__isvc-1',
      roles: ['wanted'],
      copies: [{ instance: '87f6fc-6rwf9', state: 'failed', since: NOW - 180_000, message: 'boom' }],
    },
  ],
  runs,
  chain: [
    {
      run: 3,
      changes: [
        {
          id: '1-0',
          at: NOW - 5_000,
          what: 'InferenceService team-a/digits',
          happened: 'changed',
          by: ['argocd'],
          fields: [{ field: 'spec.path', from: '"a"', to: '"b"' }],
        },
      ],
      forgotten: 1,
      writes: [{ at: NOW - 4_980, what: 'setVModel digits', reason: 'Registered', outcome: 'ok' }],
      from: NOW - 5_000,
      to: NOW - 4_980,
    },
    {
      run: undefined,
      changes: [{ id: '0-0', at: NOW - 9_000, what: 'Deployment', happened: 'listed', by: [], fields: [] }],
      forgotten: 0,
      writes: [],
      from: NOW - 9_000,
      to: NOW - 9_000,
    },
  ],
};
const runtime: RuntimeExplanation = {
  kind: 'ServingRuntime',
  namespace: 'team-a',
  name: 'r',
  at: NOW,
  summary: 'Of 2 wanted pods 2 are ready.',
  reason: undefined,
  todo: 'Nothing.',
  deployments: [{ name: 'd', wanted: 2, ready: 2 }],
  neededBy: ['mt:onnx'],
  runs: { ...runs, failures: 0 },
  chain: [],
};

const TEXT = `InferenceService team-a/digits    2026-06-01 12:00:00 UTC

Not ready. NoSupportingRuntime: No runtime serves onnx.
To do: Add a runtime.

Gates
  ✔ object      The object is valid
  ✘ runtime     No runtime serves onnx
      ServingRuntime a          disabled
      ClusterServingRuntime bc  supports sklearn, but onnx was requested
  · storage     Waits

Copies
  digits__isvc-1  (wanted)
      pod …87f6fc-6rwf9  failed for 3 min: boom

Runs
  The last run was number 3. The next try comes in 30 s, or with the next change.
  2 failed in a row: the mesh: UNAVAILABLE

What happened, newest first
  2026-06-01 11:59:55 UTC  (5 s ago)
    InferenceService team-a/digits changed by argocd: spec.path: "a" → "b"
    earlier ones that the log holds no more: 1
    → run 3, 20 ms later: setVModel digits  Registered, ok
  2026-06-01 11:59:51 UTC  (9 s ago)
    listed whole: Deployment
    → nothing was written
`;

type Asked = { readonly path: string; readonly authorization: string | undefined };
let server: Server;
let url = '';
let asked: Asked[] = [];
let answer: { code: number; body: unknown } = { code: 200, body: model };
const files = scratchFolder();

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
    response.writeHead(answer.code, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
  answer = { code: 200, body: model };
});
afterAll(() => {
  server.close();
  files.remove();
});

const explain = (...args: readonly string[]) => meshkeeper(['explain', '-n', 'team-a', '--console', url, ...args]);

describe('meshkeeper explain', () => {
  test('asks the console and prints what matters first', async () => {
    assert.deepEqual(await explain('isvc', 'digits'), { code: 2, out: TEXT, err: '' });
    assert.deepEqual(
      asked.map(({ path }) => path),
      ['/api/explain/team-a/isvc/digits'],
    );
  });

  test('explains a runtime, and prints no advice when nothing blocks it', async () => {
    answer = { code: 200, body: runtime };
    const { code, out } = await explain('runtime/r');
    assert.equal(code, 0);
    assert.match(out, /Of 2 wanted pods 2 are ready\.\n\nPods\n {2}Deployment d {2}2 of 2 ready\n/);
    assert.doesNotMatch(out, /To do/);
  });

  test('prints JSON for programs', async () => {
    const { out } = await explain('isvc', 'digits', '-o', 'json');
    assert.equal((JSON.parse(out) as Explanation).reason, 'NoSupportingRuntime');
  });

  test('sends the token that kubectl would send', async () => {
    const kubeconfig = files.write('kubeconfig', {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'from-context' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 'mine' } }],
    });
    await meshkeeper(['explain', 'isvc', 'digits', '--console', url, '--kubeconfig', kubeconfig]);
    await explain('isvc', 'digits', '--token', 'given');
    assert.deepEqual(asked, [
      { path: '/api/explain/from-context/isvc/digits', authorization: 'Bearer mine' },
      { path: '/api/explain/team-a/isvc/digits', authorization: 'Bearer given' },
    ]);
  });

  test('says in one line what the console refuses, and when there is none', async () => {
    answer = { code: 403, body: { error: 'ann may not get it.' } };
    assert.deepEqual(await explain('isvc', 'digits'), {
      code: 1,
      out: '',
      err: `error: The console at ${url} refuses: ann may not get it.\n`,
    });
    answer = { code: 502, body: 'x' };
    assert.match((await explain('isvc', 'digits')).err, /refuses: it answered 502\n$/);
    const unreachable = await meshkeeper(['explain', 'isvc', 'a', '-n', 'b', '--console', 'http://127.0.0.1:1']);
    assert.match(unreachable.err, /^error: The console at http:\/\/127\.0\.0\.1:1 does not answer: .*\n$/);
  });

  test('with --watch prints again only what differs, until it is stopped', async () => {
    const stopping = new AbortController();
    const printed: string[] = [];
    const io = { err: () => undefined, stdin: async () => '', signal: stopping.signal };
    const args = ['explain', 'isvc', 'digits', '-n', 'a', '--console', url, '-w', '-o', 'json'];
    const ended = runCli(args, {
      ...io,
      out: (text) => {
        printed.push((JSON.parse(text) as Explanation).summary);
        answer = { code: 200, body: { ...model, at: NOW + printed.length, summary: 'Ready.' } };
        if (printed.length === 2) setTimeout(() => stopping.abort(), 1_500);
      },
    });
    assert.equal(await ended, 2);
    assert.deepEqual(printed, [model.summary, 'Ready.']);
    assert.ok(asked.length > 2);
  });
});

describe('the arguments of explain', () => {
  const from = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const options = parseExplainArguments(['isvc', 'a', ...args], env, 'http://127.0.0.1:18080');
    return options === 'help' ? undefined : options.from;
  };

  test('say where the answer comes from: an option, the environment, or the sandbox', () => {
    const console = (address: string) => ({ kind: 'console', url: address, token: undefined });
    assert.deepEqual(from([]), console('http://127.0.0.1:18080'));
    assert.deepEqual(from([], { MESHKEEPER_CONSOLE: 'https://c/' }), console('https://c'));
    assert.deepEqual(from(['--console', 'http://d'], { MESHKEEPER_CONSOLE: 'https://c' }), console('http://d'));
    assert.equal(from(['--redis', 'redis://r'])?.kind, 'redis');
  });

  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['give what to explain: isvc NAME, predictor NAME or runtime NAME; see meshkeeper explain --help', ['pod', 'x']],
    ['give what to explain: isvc NAME, predictor NAME or runtime NAME; see meshkeeper explain --help', ['isvc']],
    ['--console ftp://x: give an http(s) address', ['isvc', 'a', '--console', 'ftp://x']],
    ['give --console or --redis, not both', ['isvc', 'a', '--console', 'http://x', '--redis', 'redis://x']],
    ['--output yaml: give text or json', ['isvc', 'a', '-o', 'yaml']],
  ];
  for (const [message, args] of wrong)
    test(`${args.join(' ')} is answered by what is wrong`, async () =>
      assert.deepEqual(await meshkeeper(['explain', ...args]), { code: 1, out: '', err: `error: ${message}\n` }));
});

test('a token does not travel in the clear beyond this machine', async () => {
  const { fetch } = globalThis;
  const sent: unknown[] = [];
  globalThis.fetch = async (_url, init) => {
    sent.push(init?.headers);
    return Response.json(model);
  };
  try {
    const to = (address: string) =>
      meshkeeper(['explain', 'isvc', 'a', '-n', 'b', '--token', 'secret', '--console', address]);
    for (const address of ['http://10.0.0.1', 'https://10.0.0.1', 'http://127.0.0.1.example.com']) await to(address);
  } finally {
    globalThis.fetch = fetch;
  }
  assert.deepEqual(sent, [{}, { authorization: 'Bearer secret' }, {}]);
});
