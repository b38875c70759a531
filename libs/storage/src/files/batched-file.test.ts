import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as fc from 'fast-check';
import { batchedFile } from './batched-file.ts';

const root = mkdtempSync(join(tmpdir(), 'batched-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(root, String((files += 1)));

test('what is written is what comes out, however it is cut', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 2_500_000 })), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
      const file = newFile();
      await pipeline(Readable.from(chunks), batchedFile(file));
      assert.ok(readFileSync(file).equals(Buffer.concat(chunks)));
    }),
  );
});

test('a file that is there already is not written over', async () => {
  const file = newFile();
  writeFileSync(file, 'mine');
  await assert.rejects(pipeline(Readable.from([Buffer.from('theirs')]), batchedFile(file)), { code: 'EEXIST' });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('a full disk is reported although earlier batches are still being written', async () => {
  const chunks = Array.from({ length: 40 }, () => Buffer.alloc(65_536));
  // Linux' own full device: every write to it fails.
  const full = batchedFile('/dev/full', (file) => open(file, 'w'));
  await assert.rejects(pipeline(Readable.from(chunks), full), { code: 'ENOSPC' });
});
