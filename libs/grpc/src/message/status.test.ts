import assert from 'node:assert/strict';
import { assert as check, property, string } from 'fast-check';
import { codeNumber, codeOfHttpStatus, codeOfReset, codeOfStatus, decodeMessage, encodeMessage } from './status.ts';

describe('texts of a failed call', () => {
  test('are printable ASCII on the wire, and whole again after it', () => {
    check(
      property(string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const encoded = encodeMessage(text);
        assert.match(encoded, /^[ -~]*$/);
        assert.equal(decodeMessage(encoded), text);
      }),
    );
  });

  test('encode the percent sign and what is not printable ASCII, nothing else', () => {
    assert.equal(encodeMessage('100 % für "Ω"\n~'), '100 %25 f%C3%BCr "%CE%A9"%0A~');
  });

  test('are cut after 4 KiB, and not within an encoded byte', () => {
    assert.equal(encodeMessage('x'.repeat(10_000)).length, 4_096);
    assert.match(encodeMessage('ü'.repeat(4_000)), /^(%C3%BC)+(%C3)?$/);
  });

  test('stay as they are where they are not properly encoded', () => {
    assert.equal(decodeMessage('50% of %C3%BC, %4'), '50% of ü, %4');
  });
});

describe('codes', () => {
  test('have the numbers of gRPC', () => {
    assert.equal(codeNumber('OK'), 0);
    assert.equal(codeNumber('UNIMPLEMENTED'), 12);
    assert.equal(codeOfStatus('16'), 'UNAUTHENTICATED');
    for (const value of ['17', '', '-1', '1.0', 'OK', '007']) assert.equal(codeOfStatus(value), 'UNKNOWN');
  });

  test('are found for HTTP statuses and for resets', () => {
    assert.deepEqual([200, 400, 404, 415, 431, 503].map(codeOfHttpStatus), [
      'UNKNOWN',
      'INTERNAL',
      'UNIMPLEMENTED',
      'UNKNOWN',
      'UNKNOWN',
      'UNAVAILABLE',
    ]);
    assert.deepEqual([0, 2, 5, 7, 8, 11, 12].map(codeOfReset), [
      'INTERNAL',
      'INTERNAL',
      'UNKNOWN',
      'UNAVAILABLE',
      'CANCELLED',
      'RESOURCE_EXHAUSTED',
      'PERMISSION_DENIED',
    ]);
  });
});
