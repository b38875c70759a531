import { createHash, createHmac } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createChannel, createClient } from 'nice-grpc';
import { request } from 'undici';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { acceptsConnections, freePort, startObjectStore, startProcess, waitFor } from '@meshkeeper/sandbox';
import { ROOT } from '../src/state-folder.ts';
import { median } from './compare.ts';

type Say = (line: string) => void;

const GB = 1_000_000_000;
const CHUNK = Buffer.alloc(1_048_576, 7);
const ROUNDS = 3;
const ACCOUNT = { accessKeyId: 'bench', secretAccessKey: 'bench-bench-bench' };

/** A model of 1 GB, fetched from an S3 server of this machine by the puller, beside what the disk takes. */
export async function benchPull(say: Say, folder: string): Promise<void> {
  const bucket = join(folder, 'store', 'models');
  mkdirSync(bucket, { recursive: true });
  await writeGigabyte(join(bucket, 'SIZE_1000_0_0'));
  const store = await startObjectStore({ folder: join(folder, 'store'), ...ACCOUNT });
  const pod = await startPod(folder, store.url);
  try {
    const idle = pod.memory();
    const rounds: { readonly disk: number; readonly link: number; readonly pull: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const disk = await timed(() => writeGigabyte(join(folder, 'plain.bin')));
      rmSync(join(folder, 'plain.bin'));
      const link = await timed(() => readToNowhere(presigned(store.url, '/models/SIZE_1000_0_0')));
      const pull = await timed(() => pod.load('big'));
      await pod.unload('big');
      rounds.push({ disk, link, pull });
    }
    const speed = (ms: number): string => (GB / 1_000 / ms).toFixed(0);
    const of = (what: 'disk' | 'link' | 'pull'): number => median(rounds.map((each) => each[what]));
    const slower = Math.max(of('disk'), of('link'));
    say(`a model of 1 GB, fetched from S3 on the same machine`);
    say(`  disk alone ${speed(of('disk'))} MB/s, the object read to nowhere ${speed(of('link'))} MB/s`);
    say(`  pulled at ${speed(of('pull'))} MB/s = ${((100 * slower) / of('pull')).toFixed(0)} % of the slower`);
    say(`  memory of the puller ${mib(idle)} MiB idle, ${mib(pod.peak())} MiB at the peak`);
  } finally {
    await pod.stop();
    await store.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function writeGigabyte(file: string): Promise<void> {
  const chunks = Array.from({ length: Math.ceil(GB / CHUNK.length) }, (_, index) =>
    CHUNK.subarray(0, Math.min(CHUNK.length, GB - index * CHUNK.length)),
  );
  await pipeline(Readable.from(chunks), createWriteStream(file, { highWaterMark: CHUNK.length }));
  // As much is on the disk as after a pull: nothing is forced there.
  await (await open(file)).close();
}

async function readToNowhere(url: string): Promise<void> {
  const { statusCode, body } = await request(url);
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  for await (const chunk of body) void chunk;
}

/** A URL that needs no further credentials: AWS signature 4 in its query. */
function presigned(origin: string, path: string): string {
  const time = new Date().toISOString().replace(/[:-]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${ACCOUNT.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': '600',
    'X-Amz-SignedHeaders': 'host',
  }).toString();
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const canonical = `GET\n${path}\n${query}\nhost:${new URL(origin).host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${ACCOUNT.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`).toString('hex');
  return `${origin}${path}?${query}&X-Amz-Signature=${signature}`;
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0);
}

/** A puller in front of a server that loads immediately. */
async function startPod(folder: string, endpoint: string) {
  const [port, serverPort] = [await freePort(), await freePort()];
  for (const name of ['models', 'storage-config']) mkdirSync(join(folder, name), { recursive: true });
  const config = { type: 's3', bucket: 'models', region: 'us-east-1', endpoint_url: endpoint };
  const keys = { access_key_id: ACCOUNT.accessKeyId, secret_access_key: ACCOUNT.secretAccessKey };
  writeFileSync(join(folder, 'storage-config', 'bench'), JSON.stringify({ ...config, ...keys }));
  const start = (app: string, listensOn: number, env: Readonly<Record<string, string>>) =>
    startProcess({
      name: app,
      command: process.execPath,
      // As the image starts it.
      args: ['--max-semi-space-size=1', join(ROOT, 'apps', app, 'src', 'main.ts')],
      env: { POD_LOCALHOST: '127.0.0.1', METRICS_PORT: '0', ...env },
      logFile: join(folder, `${app}.log`),
      ready: () => acceptsConnections(listensOn),
      ports: [listensOn],
    });
  const server = await start('scripted-runtime', serverPort, { RUNTIME_ENDPOINT: `port:${serverPort}` });
  const puller = await start('puller', port, {
    PORT: String(port),
    MODEL_SERVER_ENDPOINT: `port:${serverPort}`,
    ROOT_MODEL_DIR: join(folder, 'models'),
    STORAGE_CONFIG_DIR: join(folder, 'storage-config'),
  });
  const channel = createChannel(`127.0.0.1:${port}`, undefined, { 'grpc.max_reconnect_backoff_ms': 100 });
  const runtime = createClient(ModelRuntimeDefinition, channel);
  await waitFor(() => runtime.runtimeStatus({}), { timeoutMs: 15_000, what: 'the puller' });
  const status = (field: string): number => {
    const text = readFileSync(`/proc/${puller.pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1_024;
  };
  const modelKey = JSON.stringify({ storage_key: 'bench', model_type: { name: 'any' } });
  return {
    load: (modelId: string) => runtime.loadModel({ modelId, modelType: 'any', modelPath: 'SIZE_1000_0_0', modelKey }),
    unload: (modelId: string) => runtime.unloadModel({ modelId }),
    memory: () => status('VmRSS'),
    peak: () => status('VmHWM'),
    stop: async () => {
      channel.close();
      await puller.stop();
      await server.stop();
    },
  };
}
