import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../limits.ts';
import { writeDownload } from './write-download.ts';

const root = mkdtempSync(join(tmpdir(), 'write-download-'));
afterAll(() => rmSync(root, { recursive: true }));

const never = new AbortController().signal;
let folders = 0;

function newFolder(): string {
  const folder = join(root, String((folders += 1)));
  mkdirSync(folder);
  return folder;
}

function write(file: string, body: Readable, { bytes, signal = never, limits = {} }: Write = {}): Promise<number> {
  return writeDownload({ body, bytes, what: 'W', host: 'H' }, file, signal, { ...DEFAULT_LIMITS, ...limits });
}

type Write = {
  readonly bytes?: number;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<typeof DEFAULT_LIMITS>;
};

test('a file appears when it is whole, and nothing beside it', async () => {
  const folder = newFolder();
  const body = new PassThrough();
  const written = write(join(folder, 'm'), body, { bytes: 4 });
  body.write('01');
  assert.equal(existsSync(join(folder, 'm')), false);
  body.end('23');
  assert.equal(await written, 4);
  assert.deepEqual(readdirSync(folder), ['m']);
  assert.equal(readFileSync(join(folder, 'm'), 'utf8'), '0123');
});

test('too few and too many bytes are Truncated, and leave neither file nor part', async () => {
  const folder = newFolder();
  for (const bytes of [3, 5]) {
    const written = write(join(folder, 'm'), Readable.from([Buffer.from('0123')]), { bytes });
    await assert.rejects(written, { reason: 'Truncated', message: `W ended after 4 of ${bytes} bytes` });
  }
  assert.deepEqual(readdirSync(folder), []);
});

test('without an announced length a broken connection is still reported', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('01');
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    })(),
  );
  const folder = newFolder();
  await assert.rejects(write(join(folder, 'm'), broken), { reason: 'Truncated', message: 'W ended after 2 bytes' });
  assert.deepEqual(readdirSync(folder), []);
});

test('cancelling ends it immediately, and leaves nothing', async () => {
  const folder = newFolder();
  const controller = new AbortController();
  const body = new PassThrough();
  const written = write(join(folder, 'm'), body, { signal: controller.signal });
  body.write('01');
  controller.abort();
  await assert.rejects(written, { reason: 'Cancelled' });
  assert.ok(body.destroyed);
  assert.deepEqual(readdirSync(folder), []);
});

test('slow is not silent: every byte that comes renews the time limit', async () => {
  const trickle = Readable.from(
    (async function* () {
      for (let index = 0; index < 12; index += 1) {
        await pause(30);
        yield Buffer.from('x');
      }
    })(),
  );
  assert.equal(await write(join(newFolder(), 'm'), trickle, { limits: { stallMs: 200 } }), 12);
});

test('a link in the place of the file is replaced, not written through', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'victim'), 'untouched');
  symlinkSync('victim', join(folder, 'm'));
  await write(join(folder, 'm'), Readable.from([Buffer.from('new')]));
  assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'untouched');
  assert.equal(readFileSync(join(folder, 'm'), 'utf8'), 'new');
});

test('a directory in the place of the file is refused', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'm'));
  const written = write(join(folder, 'm'), Readable.from([Buffer.from('new')]));
  await assert.rejects(written, { reason: 'UnsafePath', message: 'file already exists as a directory' });
});

test('a name of the greatest length has room for its part', async () => {
  const folder = newFolder();
  const name = 'x'.repeat(255);
  await write(join(folder, name), Readable.from([Buffer.from('new')]));
  assert.deepEqual(readdirSync(folder), [name]);
});
