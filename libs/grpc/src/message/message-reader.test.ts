import assert from 'node:assert/strict';
import { array, assert as check, integer, oneof, property, tuple, uint8Array } from 'fast-check';
import { MessageReader, type MessageFault } from './message-reader.ts';
import { framed } from './write-message.ts';

type Read = { readonly fault: MessageFault | undefined; readonly message: Buffer | undefined };

/** Pushes `bytes` in pieces of these sizes, over and over, until a fault. */
function read(bytes: Buffer, sizes: readonly number[], maxBytes = 1_048_576): Read {
  const reader = new MessageReader(maxBytes);
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    const fault = reader.push(bytes.subarray(at, at + size));
    if (fault !== undefined) return { fault, message: reader.message };
    at += size;
  }
  return { fault: undefined, message: reader.message };
}

const sizes = array(oneof(integer({ min: 1, max: 7 }), integer({ min: 1, max: 100_000 })), {
  minLength: 1,
});
const message = tuple(uint8Array({ maxLength: 300 }), integer({ min: 0, max: 2_000 })).map(([bytes, times]) =>
  Buffer.concat(Array.from({ length: times }, () => bytes)),
);

describe('the reader of length-prefixed messages', () => {
  test('gives the message back, however it was cut', () => {
    check(
      property(message, sizes, (message, sizes) => {
        assert.ok(read(framed(message), sizes).message?.equals(message));
      }),
    );
  });

  test('has no message before its last byte', () => {
    check(
      property(message, sizes, (message, sizes) => {
        assert.deepEqual(read(framed(message).subarray(0, -1), sizes), { fault: undefined, message: undefined });
      }),
    );
  });

  test('finds a second message, or its first byte, wherever it begins', () => {
    check(
      property(message, sizes, integer({ min: 1, max: 9 }), (message, sizes, more) => {
        const bytes = Buffer.concat([framed(message), framed(Buffer.from('next')).subarray(0, more)]);
        assert.equal(read(bytes, sizes).fault, 'second message');
      }),
    );
  });

  test('refuses a long message by its prefix', () => {
    for (const size of [1, 4, 5, 100]) {
      assert.equal(read(framed(Buffer.alloc(11)).subarray(0, 5), [size], 10).fault, 'too long');
      assert.equal(read(framed(Buffer.alloc(10)), [size], 10).fault, undefined);
    }
  });

  test('knows no flags but compressed', () => {
    const reader = new MessageReader(10);
    assert.equal(reader.push(Buffer.from([1, 0, 0, 0, 1, 9])), undefined);
    assert.equal(reader.compressed, true);
    assert.equal(read(Buffer.from([2, 0, 0, 0, 0]), [5]).fault, 'malformed');
  });
});
