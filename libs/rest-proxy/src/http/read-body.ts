import type { Readable } from 'node:stream';
import { GRPC_CODES, RestError } from '@meshkeeper/open-inference/json';

/**
 * Passes a body on as it arrives. An error of `take` ends the reading and is thrown; the rest of the body is read and discarded, so that the
 * client gets to the answer.
 * @throws RestError CANCELLED when the client goes away, RESOURCE_EXHAUSTED when the body has more than `maxBytes`
 */
export function readBody(body: Readable, maxBytes: number, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let hasFailed = false;
    const fail = (error: unknown): void => {
      hasFailed = true;
      reject(error);
    };
    body.on('data', (chunk: Buffer) => {
      if (hasFailed) return;
      bytes += chunk.length;
      try {
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        take(chunk);
      } catch (error) {
        fail(error);
      }
    });
    body.once('end', resolve);
    const gone = (): void => fail(new RestError(GRPC_CODES.CANCELLED, 'context canceled'));
    body.once('error', gone);
    body.once('close', gone);
  });
}

function tooLarge(maxBytes: number): RestError {
  return new RestError(GRPC_CODES.RESOURCE_EXHAUSTED, `the body has more than ${maxBytes} bytes`);
}
