import assert from 'node:assert/strict';
import { binaryValuesOf, customMetadata, valueOf, valuesOf } from './headers.ts';
import { assertSendable } from './metadata.ts';
import { formatTimeout, parseTimeout } from './timeout.ts';

describe('headers', () => {
  const LIST = ['mm-model-id', 'a, b', ':path', '/x', 'mm-model-id', 'c', 'value', 'mm-model-id'];

  test('two values are distinguished from one with a comma in it', () => {
    assert.deepEqual(valuesOf(LIST, 'mm-model-id'), ['a, b', 'c']);
    assert.equal(valueOf(LIST, 'mm-model-id'), 'a, b');
    assert.equal(valueOf(LIST, 'other'), undefined);
  });

  test('binary values come joined or repeated, with padding or without', () => {
    const list = ['id-bin', 'YQ==,Yg', 'id-bin', 'w7w, YWI='];
    assert.deepEqual(binaryValuesOf(list, 'id-bin').map(String), ['a', 'b', 'ü', 'ab']);
  });

  test('custom metadata is what does not concern the hop', () => {
    const list = [':path', '/', 'te', 'trailers', 'grpc-timeout', '1S', 'grpc-trace-bin', 'AA', 'x', '1', 'x', '2'];
    assert.deepEqual(customMetadata(list), ['grpc-trace-bin', 'AA', 'x', '1', 'x', '2']);
  });

  test('what would break the header block is not sent', () => {
    for (const bad of [
      ['x', 'a\0b'],
      ['x', 'a\nb'],
      ['x', 'Ω'],
      ['a b', ''],
      ['Upper', ''],
      [':path', '/'],
      ['grpc-status', '0'],
    ]) {
      assert.throws(() => assertSendable(bad), { code: 'INTERNAL' });
    }
    assertSendable(['x', 'a b~', 'x-bin', 'AA==']);
  });
});

describe('timeouts', () => {
  test('are read in every unit, and not when malformed', () => {
    assert.deepEqual(
      ['1H', '2M', '3S', '4m', '5u', '6n', '0m'].map(parseTimeout),
      [3.6e6, 1.2e5, 3e3, 4, 0.005, 6e-6, 0],
    );
    for (const bad of ['', 'm', '1', '1x', '-1m', '1.5S', '123456789m', '1m '])
      assert.equal(parseTimeout(bad), undefined);
  });

  test('are written in the finest unit of eight digits', () => {
    assert.deepEqual([0, 0.0001, 1.5, 99_999, 100_000, 1e8, 1e12, 1e30].map(formatTimeout), [
      '0u',
      '1u',
      '1500u',
      '99999000u',
      '100000m',
      '100000S',
      '16666667M',
      '99999999M',
    ]);
  });
});
