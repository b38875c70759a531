import assert from 'node:assert/strict';
import { bitString, boolean, integer, objectId, octetString, sequence, time, utf8String } from './der.ts';

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ['a small number takes one byte', integer(5n), '020105'],
  ['a set highest bit gets a zero before it', integer(0x80n), '02020080'],
  ['a number of several bytes is big-endian', integer(0x0102n), '02020102'],
  ['zero takes one byte', integer(0n), '020100'],
  ['true is all ones', boolean(true), '0101ff'],
  ['an object id shares its first byte and is base 128', objectId('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
  ['an object id of small numbers', objectId('2.5.29.17'), '0603551d11'],
  ['text is UTF-8', utf8String('é'), '0c02c3a9'],
  ['a bit string states its unused bits', bitString(Buffer.from([0x80]), 7), '03020780'],
  ['a sequence wraps its items', sequence(boolean(true), integer(1n)), '30060101ff020101'],
  [
    'years before 2050 have two digits',
    time(new Date('2026-01-02T03:04:05.678Z')),
    `170d${Buffer.from('260102030405Z').toString('hex')}`,
  ],
  [
    'years from 2050 have four digits',
    time(new Date('2050-01-02T03:04:05Z')),
    `180f${Buffer.from('20500102030405Z').toString('hex')}`,
  ],
];

for (const [name, given, wanted] of cases) test(name, () => assert.equal(Buffer.from(given).toString('hex'), wanted));

test('a length from 128 on says how many bytes it takes', () => {
  assert.equal(octetString(Buffer.alloc(127)).subarray(0, 2).toString('hex'), '047f');
  assert.equal(octetString(Buffer.alloc(128)).subarray(0, 3).toString('hex'), '048180');
  assert.equal(octetString(Buffer.alloc(300)).subarray(0, 4).toString('hex'), '0482012c');
});
