import { open, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';

/** Bytes per write. A body arrives in chunks of 64 KiB, and writing each costs more than the chunk itself. */
const BATCH_BYTES = 1_048_576;

type Batch = { readonly chunks: Buffer[]; bytes: number };

/**
 * A new file that is written in large batches, one of them on its way while the next one fills. Errors are those of the file system; a
 * file that is there already is one.
 */
export function batchedFile(path: string, openNew = (file: string) => open(file, 'wx')): Writable {
  let handle: FileHandle | undefined;
  let batch: Batch = { chunks: [], bytes: 0 };
  let writing: Promise<void> = Promise.resolve();
  const send = async (): Promise<void> => {
    const { chunks, bytes } = batch;
    batch = { chunks: [], bytes: 0 };
    await writing;
    if (handle === undefined || bytes === 0) return;
    writing = writeAll(handle, chunks, bytes);
    // The next caller that waits for it throws it, which may be later than Node expects a handler.
    writing.catch(() => {});
  };
  const close = async (): Promise<void> => {
    await writing.catch(() => {});
    await handle?.close();
  };
  return new Writable({
    highWaterMark: BATCH_BYTES,
    construct: callbackify(async () => {
      handle = await openNew(path);
    }),
    write: (chunk: Buffer, _encoding, done) => {
      batch.chunks.push(chunk);
      batch.bytes += chunk.length;
      if (batch.bytes < BATCH_BYTES) done();
      else callbackify(send)(done);
    },
    final: callbackify(async () => {
      await send();
      await writing;
    }),
    destroy: (error, done) => callbackify(close)((failed) => done(error ?? failed)),
  });
}

/** The system may write less than it is given. */
async function writeAll(handle: FileHandle, chunks: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten === bytes) return;
  let rest = Buffer.concat(chunks).subarray(bytesWritten);
  while (rest.length > 0) rest = rest.subarray((await handle.write(rest)).bytesWritten);
}
