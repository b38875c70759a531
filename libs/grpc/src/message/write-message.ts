import type { Writable } from 'node:stream';
import { PREFIX_BYTES } from './message-reader.ts';

/** Up to here a copy is cheaper than a second chunk. */
const COPY_LIMIT = 32_768;

/** Writes the one message of a unary stream and ends the stream's writable side. */
export function writeOnlyMessage(stream: Writable, message: Buffer): void {
  if (message.length <= COPY_LIMIT) {
    stream.end(framed(message));
    return;
  }
  // Corked, so that both chunks leave in one go; the end uncorks.
  stream.cork();
  stream.write(prefixOf(message.length));
  stream.end(message);
}

/** A message with its prefix. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, PREFIX_BYTES);
  return frame;
}

function prefixOf(length: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}
