import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { RpcError } from './status.ts';

const gunzipAsync = promisify(gunzip);

/** The encodings that `decompress` knows, as `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = 'identity,gzip';

/** Whether messages under this `grpc-encoding` can be read. */
export function isKnownEncoding(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity' || encoding === 'gzip';
}

/**
 * A message whose compressed flag is set, inflated to at most `maxBytes`.
 * @throws RpcError RESOURCE_EXHAUSTED when it would be longer, INTERNAL when it is not what its encoding says
 */
export async function decompress(message: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding !== 'gzip') throw new RpcError('INTERNAL', `Compressed message under grpc-encoding ${encoding}`);
  try {
    // zlib takes no limit of zero.
    const plain = await gunzipAsync(message, { maxOutputLength: Math.max(1, maxBytes) });
    if (plain.length <= maxBytes) return plain;
  } catch (error) {
    if (!isTooLong(error)) throw new RpcError('INTERNAL', 'Message is not valid gzip', { cause: error });
  }
  throw tooLong('Decompressed message', undefined, maxBytes);
}

function isTooLong(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** The refusal of a message above the limit. */
export function tooLong(what: string, bytes: number | undefined, maxBytes: number): RpcError {
  const length = bytes === undefined ? '' : ` of ${bytes} bytes`;
  return new RpcError('RESOURCE_EXHAUSTED', `${what}${length} is longer than the maximum of ${maxBytes}`);
}
