import { randomBytes } from 'node:crypto';
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, isConnectionFailure } from '../failures.ts';
import type { StorageLimits } from '../limits.ts';
import { StorageError } from '../storage-error.ts';
import { cancelled, tooSlow } from '../with-deadline.ts';

export type Download = {
  readonly body: Readable;
  /** Expected bytes; undefined when not announced. */
  readonly bytes: number | undefined;
  /** Names it in sentences. */
  readonly what: string;
  /** Host and port of the storage. */
  readonly host: string;
};

/**
 * Streams a download to `file`, whose folder exists: aside first, and renamed when it is whole. Gives its bytes.
 * @throws StorageError Truncated, Timeout or Cancelled, else what the body or the disk threw. Nothing is left behind.
 */
export async function writeDownload(
  download: Download,
  file: string,
  signal: AbortSignal,
  limits: StorageLimits,
): Promise<number> {
  const part = partFile(file);
  const meter = createMeter(download.host, limits.stallMs);
  try {
    await pipeline(download.body, meter.stream, limits.openFile(part), { signal });
    checkLength(download, meter.bytes());
    await refuseFolder(file);
    await rename(part, file);
    return meter.bytes();
  } catch (error) {
    await rm(part, { force: true });
    if (signal.aborted) throw cancelled();
    if (isConnectionFailure(codeOf(error)) && !(error instanceof StorageError)) throw brokeOff(download, meter.bytes());
    throw error;
  } finally {
    meter.stop();
  }
}

/** Beside the file, so that renaming works. A name that has no room for the ending is left out. */
function partFile(file: string): string {
  const ending = `${randomBytes(6).toString('hex')}.part`;
  const whole = `${file}.${ending}`;
  return Buffer.byteLength(whole.slice(dirname(file).length + 1)) > 255 ? join(dirname(file), ending) : whole;
}

async function refuseFolder(file: string): Promise<void> {
  const present = await lstat(file).catch(() => undefined);
  if (present?.isDirectory() === true) throw new StorageError('UnsafePath', 'file already exists as a directory');
}

function checkLength(download: Download, received: number): void {
  if (download.bytes === undefined || download.bytes === received) return;
  throw brokeOff(download, received);
}

function brokeOff({ what, bytes }: Download, received: number): StorageError {
  const of = bytes === undefined ? `${received}` : `${received} of ${bytes}`;
  return new StorageError('Truncated', `${what} ended after ${of} bytes`);
}

type Meter = { readonly stream: Transform; bytes(): number; stop(): void };

/** Counts what passes, and fails when nothing passes for `stallMs`. */
function createMeter(host: string, stallMs: number): Meter {
  let bytes = 0;
  const timer = setTimeout(() => stream.destroy(tooSlow(host, stallMs)), stallMs);
  const stream = new Transform({
    highWaterMark: 1_048_576,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      timer.refresh();
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes, stop: () => clearTimeout(timer) };
}
