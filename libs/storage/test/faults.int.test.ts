import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DEFAULT_LIMITS, type StorageLimits } from '../src/limits.ts';
import type { StorageConfig } from '../src/provider.ts';
import { createLimitedStorage, type PullReport } from '../src/storage.ts';
import { StorageError, type StorageReason } from '../src/storage-error.ts';
import { azureListing, listing, sendBody, startFaultyServer, type FaultyServer } from './faulty-server.ts';
import { filesBelow } from './files-below.ts';

const root = mkdtempSync(join(tmpdir(), 'storage-faults-'));
const folder = join(root, 'model');
let server: FaultyServer;
beforeAll(async () => {
  server = await startFaultyServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const s3 = (): StorageConfig => ({
  type: 's3',
  access_key_id: 'key-id-secret',
  secret_access_key: 'the-secret',
  endpoint_url: server.url,
  region: 'r',
  bucket: 'b',
});
const http = (): StorageConfig => ({ type: 'http', url: `${server.url}/?token=the-secret` });

const gcs = (): StorageConfig => ({ type: 'gcs', endpoint_url: server.url, bucket: 'b' });
const azure = (): StorageConfig => ({ type: 'azure', account_name: 'a', container: 'b', endpoint_url: server.url });

/** The same fault as each storage has it: the model is `m`, of 10 bytes. */
function serve(answer: (response: ServerResponse) => void): void {
  server.behave((request, response) => {
    const url = request.url ?? '';
    if (url.includes('list-type=2')) response.end(listing({ m: 10 }));
    else if (url.includes('/o?prefix=')) sendJson(response, { items: [{ name: 'm', size: '10' }] });
    else if (url.includes('comp=list'))
      response.writeHead(200, { 'content-type': 'application/xml' }).end(azureListing({ m: 10 }));
    else answer(response);
  });
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

type Outcome = { readonly error: unknown; readonly reports: readonly PullReport[] };

async function pull(
  config: StorageConfig,
  limits: Partial<StorageLimits> = {},
  signal = new AbortController().signal,
): Promise<Outcome> {
  const reports: PullReport[] = [];
  const onPull = (report: PullReport): void => void reports.push(report);
  const storage = createLimitedStorage({ pvcMounts: '/none', onPull }, { ...DEFAULT_LIMITS, ...limits });
  const error = await storage
    .pull({ config, targets: [{ path: 'm', localName: 'm' }], folder, signal })
    .catch((error: unknown) => error);
  await storage.stop();
  return { error, reports };
}

type Fault = {
  readonly name: string;
  readonly answer: (response: ServerResponse) => void;
  readonly limits?: Partial<StorageLimits>;
  readonly reason: StorageReason;
  /** `W` is what was read, `H` the host. */
  readonly text: string;
  /** Where a storage's client adds a word. */
  readonly texts?: Readonly<Record<string, string>>;
};

const status = (code: number) => (response: ServerResponse) =>
  response.writeHead(code).end('<Error><Code>X</Code></Error>');
const stall = { stallMs: 300 };
const full = {
  openFile: () =>
    new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    }),
};

const FAULTS: readonly Fault[] = [
  { name: 'a refusal', answer: status(403), reason: 'Forbidden', text: 'access to W was denied (403)' },
  { name: 'defect 2: a missing object', answer: status(404), reason: 'NotFound', text: 'W was not found (404)' },
  {
    name: 'a store that is overloaded',
    answer: status(503),
    reason: 'Unavailable',
    text: 'H is not able to serve W now (503)',
  },
  {
    name: 'an answer that makes no sense',
    answer: status(418),
    reason: 'Unknown',
    text: 'H answered 418 to the request for W',
    texts: {
      s3: 'H answered 418 X to the request for W',
      azure: 'H answered 418 PARSE_ERROR to the request for W',
    },
  },
  {
    name: 'a body cut short',
    answer: (r) => sendBody(r, '0123', 10),
    reason: 'Truncated',
    text: 'W ended after 4 of 10 bytes',
  },
  {
    name: 'a length too great',
    answer: (r) => sendBody(r, '0123456789', 12),
    reason: 'Truncated',
    text: 'W ended after 10 of 12 bytes',
  },
  {
    name: 'silence before the answer',
    answer: () => {},
    limits: stall,
    reason: 'Timeout',
    text: 'H sent nothing for 0.3 s',
  },
  {
    name: 'silence within the body',
    answer: (r) => void r.writeHead(200, { 'content-length': 10, etag: '"1"' }).write('01'),
    limits: stall,
    reason: 'Timeout',
    text: 'H sent nothing for 0.3 s',
  },
  {
    name: 'a full disk',
    answer: (r) => sendBody(r, '0123456789', 10),
    limits: full,
    reason: 'DiskFull',
    text: 'the disk is full: W could not be stored',
  },
];

for (const [name, config, what] of [
  ['s3', s3, () => `object 'm' of bucket 'b'`],
  ['http', http, () => `${server.url}/m`],
  ['gcs', gcs, () => `object 'm' of bucket 'b'`],
  ['azure', azure, () => `object 'm' of container 'b'`],
] as const) {
  describe(name, () => {
    for (const fault of FAULTS) {
      test(`${fault.name} is reported as ${fault.reason}, leaves nothing, and affects no later pull`, async () => {
        serve(fault.answer);
        const { error, reports } = await pull(config(), fault.limits);
        assert.ok(error instanceof StorageError);
        const text = fault.texts?.[name] ?? fault.text;
        assert.equal(error.message, text.replace('W', what()).replace('H', server.host));
        assert.equal(error.reason, fault.reason);
        assert.ok(!/secret/.test(`${error.stack} ${String((error.cause as Error | undefined)?.stack)}`));
        assert.deepEqual(readdirSync(root), []);
        assert.deepEqual(
          reports.map(({ type, bytes, failure }) => [type, bytes, failure]),
          [[name, 0, fault.reason]],
        );
        serve((response) => sendBody(response, '0123456789', 10));
        const next = await pull(config());
        assert.equal(next.error, undefined);
        assert.deepEqual(
          next.reports.map(({ bytes, failure }) => [bytes, failure]),
          [[10, undefined]],
        );
        assert.deepEqual(filesBelow(folder), { m: '0123456789' });
      });
    }

    test('a server that is not there is Unavailable', async () => {
      const gone = await startFaultyServer();
      await gone.stop();
      const { error } = await pull({ ...config(), [name === 'http' ? 'url' : 'endpoint_url']: gone.url });
      assert.ok(error instanceof StorageError);
      assert.deepEqual(
        [error.reason, error.message],
        ['Unavailable', `${gone.host} could not be reached (ECONNREFUSED)`],
      );
    });

    test('a pull that is cancelled while it waits ends immediately', async () => {
      const controller = new AbortController();
      serve(() => controller.abort());
      const { error } = await pull(config(), {}, controller.signal);
      assert.ok(error instanceof StorageError);
      assert.equal(error.reason, 'Cancelled');
      assert.equal(existsSync(folder), false);
    });
  });
}

test('a length too small is seen by the listing: the object is not the one that was listed', async () => {
  serve((response) => sendBody(response, '0123', 4));
  const { error } = await pull(s3());
  assert.equal((error as Error).message, `object 'm' of bucket 'b' ended after 4 of 10 bytes`);
});

test('a refused listing is reported as a refusal of the bucket', async () => {
  server.behave((_request, response) => response.writeHead(403).end());
  const { error } = await pull(s3());
  assert.equal((error as Error).message, `access to bucket 'b' was denied (403)`);
});

test('after one object fails, the others are not begun, and all have ended before the pull does', async () => {
  server.behave((request, response, path) => {
    if (request.url?.includes('list-type') === true) {
      response.end(listing(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`m/${index}`, 1]))));
    } else if (path.endsWith('/0')) response.writeHead(403).end();
    // Every other one hangs in the middle.
    else response.writeHead(200, { 'content-length': 2 }).write('0');
  });
  const before = server.asked.length;
  const { error } = await pull(s3());
  assert.equal((error as StorageError).reason, 'Forbidden');
  assert.ok(server.asked.length - before < 15, `asked ${server.asked.length - before} times`);
  assert.deepEqual(readdirSync(root), []);
});

test('a whole HTTP pull has an end, however lively the server is', async () => {
  let timer: NodeJS.Timeout | undefined;
  serve((response) => {
    response.writeHead(200);
    timer = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(timer));
  });
  const { error } = await pull(http(), { httpTotalMs: 200 });
  clearInterval(timer);
  assert.equal((error as Error).message, `${server.url}/m did not end within 0.2 s`);
});

test('keys that lead out of the folder are refused before anything is written', async () => {
  for (const key of ['m/../../evil', 'm/a/..', 'm/\u0001/../x']) {
    server.behave((request, response) => {
      if (request.url?.includes('list-type') === true)
        response.end(listing({ 'm/good': 1, [key.replace('\u0001', 'x')]: 1 }));
      else sendBody(response, '0', 1);
    });
    const { error } = await pull(s3());
    assert.equal((error as StorageError).reason, 'UnsafePath', key);
    assert.deepEqual(readdirSync(root), []);
  }
});

test('stopping cancels the pulls that run', async () => {
  const storage = createLimitedStorage({ pvcMounts: '/none' }, DEFAULT_LIMITS);
  const asked = new Promise<void>((resolve) => serve(() => resolve()));
  const targets = [{ path: 'm', localName: 'm' }];
  const running = storage.pull({ config: s3(), targets, folder, signal: new AbortController().signal });
  const refused = assert.rejects(running, { reason: 'Cancelled' });
  await asked;
  await storage.stop();
  await refused;
  assert.deepEqual(readdirSync(root), []);
});

test('a large body needs little memory', async () => {
  const size = 256 * 1_048_576;
  const chunk = Buffer.alloc(1_048_576, 'x');
  serve((response) => {
    response.writeHead(200, { 'content-length': size });
    let left = 256;
    const more = (): void => {
      while (left > 0) {
        left -= 1;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  let highest = 0;
  const base = process.memoryUsage().rss;
  const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 5);
  const { error } = await pull(http());
  clearInterval(timer);
  assert.equal(error, undefined);
  assert.ok(highest - base < 128 * 1_048_576, `grew by ${Math.round((highest - base) / 1_048_576)} MiB`);
});
