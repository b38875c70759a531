import assert from 'node:assert/strict';
import { decodeStorageSecret } from './storage-secret.ts';

const decode = (entries: Readonly<Record<string, string>>) => {
  const data = Object.fromEntries(
    Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return decodeStorageSecret({ metadata: { name: 'storage-config' }, data });
};
const claimsOf = (entries: Readonly<Record<string, string>>) => decode(entries)['claims'];

describe('the claims of a storage Secret', () => {
  test('are those of its entries of type pvc, sorted, each once', () => {
    const pvc = (name: string) => JSON.stringify({ type: 'pvc', name });
    assert.deepEqual(claimsOf({ a: pvc('zebra'), b: pvc('alpha'), c: pvc('zebra') }), ['alpha', 'zebra']);
  });

  test('are read from each entry alone, whatever stands before it', () => {
    assert.deepEqual(claimsOf({ a: '{"type":"pvc","name":"one"}', b: '{"name":"two"}' }), ['one']);
    assert.deepEqual(claimsOf({ a: '{"name":"two"}', b: '{"type":"pvc","name":"one"}' }), ['one']);
  });

  test('survive entries of any other form, such as headers of http', () => {
    const entries = {
      a: '{"type":"http","headers":{"x":["y"]}}',
      b: 'no JSON',
      c: '[]',
      d: '{"type":"pvc","name":7}',
      e: '',
    };
    assert.deepEqual(claimsOf({ ...entries, f: '{"type":"pvc","name":"c","access_key_id":"planted"}' }), ['c']);
  });

  test('are none without data', () =>
    assert.deepEqual(decodeStorageSecret({ metadata: { name: 's' } }), { claims: [], entries: {} }));
});

test('of the entries of a storage Secret only names, known types and claims are passed on', () => {
  const { entries } = decode({
    minio: '{"type":"s3","secret_access_key":"planted","name":"planted"}',
    disk: '{"type":"pvc","name":"models","extra":"planted"}',
    odd: '{"type":"planted"}',
    text: 'planted',
  });
  assert.deepEqual(entries, {
    disk: { type: 'pvc', claim: 'models' },
    minio: { type: 's3' },
    odd: { type: '' },
    text: { type: '' },
  });
});
