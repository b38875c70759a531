import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { canonicalQuantity, formatBinary, parseQuantity, sameQuantity, wholeBytes } from './quantity.ts';

/** Printed by Kubernetes' own code, version 0.36. */
const PRINTED: Readonly<Record<string, string>> = {
  '0.5': '500m',
  '0.1': '100m',
  '.5': '500m',
  '5.': '5',
  '+5': '5',
  '-5': '-5',
  '1.500': '1500m',
  '2000m': '2',
  '1000n': '1u',
  '1500u': '1500u',
  '100M': '100M',
  '1000000000': '1G',
  '1.5E': '1500P',
  '1E': '1E',
  '1e3': '1e3',
  '1E3': '1e3',
  '1e+3': '1e3',
  '10e2': '1e3',
  '1e4': '10e3',
  '1.5e3': '1500',
  '1E+2': '100',
  '5e-1': '500e-3',
  '1e21': '1e21',
  '1024': '1024',
  '1024Ki': '1Mi',
  '1023Mi': '1023Mi',
  '1024Mi': '1Gi',
  '0.5Gi': '512Mi',
  '-0.5Gi': '-512Mi',
  '+1.50Ki': '1536',
  '0.5Ki': '512',
  '1.1Ki': '1126400m',
  '0.0001Ki': '102400u',
  '100000Gi': '100000Gi',
  '8Ei': '9223372036854775807',
  '18446744073709551616Ki': '9223372036854775807',
  '12345678901234567890': '12345678901234567890',
  '1.2345678911': '1234567892n',
  '0.0000000001': '1n',
  '1e-10': '1e-9',
  '0Ki': '0',
  '0e5': '0',
  '-0': '0',
};

/** Nothing that anybody means as a quantity. `Ki` and `.` are zero to Kubernetes; here they are mistakes. */
const REFUSED = ['', ' ', '1 ', '1K', '1e', '1mm', '1Eee', '1Ki5', '1,5', '0x10', '1_000', 'Ki', '.', '+', 'e3', 'x'];

const family = fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti', 'e-2', 'e3', 'E5');
const number = fc.oneof(
  fc.nat().map(String),
  fc.tuple(fc.nat(), fc.nat(99_999)).map(([whole, part]) => `${whole}.${part}`),
);
const quantities = fc.tuple(fc.constantFrom('', '-', '+'), number, family).map((parts) => parts.join(''));

describe('a quantity', () => {
  test('is printed as Kubernetes prints it, in the family of units that it came in', () => {
    const printed = Object.keys(PRINTED).map((text) => [text, canonicalQuantity(text)]);
    assert.deepEqual(Object.fromEntries(printed), PRINTED);
  });

  test('may be a number, as YAML gives it', () => {
    assert.deepEqual([canonicalQuantity(3), canonicalQuantity(0.1), canonicalQuantity(1e21)], ['3', '100m', '1e21']);
  });

  test('above the largest unit is printed with an exponent, where Kubernetes 0.36 lost it', () => {
    assert.deepEqual([canonicalQuantity('1000E'), canonicalQuantity('1024Ei')], ['1e21', '9223372036854775807']);
  });

  test('is undefined when the text is none', () => {
    assert.deepEqual(
      [...REFUSED, Number.NaN, '1'.repeat(101)].filter((text) => parseQuantity(text) !== undefined),
      [],
    );
  });

  test('keeps its amount when it is printed, and is printed once and for all', () => {
    const check = (text: string): void => {
      const printed = canonicalQuantity(text) ?? assert.fail(text);
      assert.equal(parseQuantity(printed)?.nanos, parseQuantity(text)?.nanos);
      assert.equal(canonicalQuantity(printed), printed);
    };
    fc.assert(fc.property(quantities, check));
  });

  test('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void canonicalQuantity(text)));
    fc.assert(fc.property(fc.stringMatching(/^[-+.eEinumkKMGTP0-9]*$/), (text) => void canonicalQuantity(text)));
  });
});

describe('two quantities', () => {
  test('are the same when the amount is, however it is written', () => {
    assert.deepEqual(
      [sameQuantity('1', '1000m'), sameQuantity('1Gi', '1024Mi'), sameQuantity('1e3', '1k'), sameQuantity('1G', '1Gi')],
      [true, true, true, false],
    );
  });

  test('are not the same when one of them is none', () => {
    assert.deepEqual([sameQuantity('x', 'x'), sameQuantity('1', 'x'), sameQuantity('', '0')], [false, false, false]);
  });
});

describe('bytes', () => {
  test('of a quantity are whole, a started one counting', () => {
    assert.deepEqual(['1Ki', '1.1Ki', '0.5', '-0.5', '100M', '10G', 3, 'x'].map(wholeBytes), [
      1024n,
      1127n,
      1n,
      -1n,
      100_000_000n,
      10_000_000_000n,
      3n,
      undefined,
    ]);
  });

  test('are printed in the largest binary unit that leaves a whole number', () => {
    const sizes = [0n, 4n, 1024n, 1_537_536n, 1_760_612_736n, 15_000_000_000n, 1536n * 2n ** 20n, 2n ** 70n, -2048n];
    const printed = ['0', '4', '1Ki', '1537536', '1760612736', '15000000000', '1536Mi', '1024Ei', '-2Ki'];
    assert.deepEqual(sizes.map(formatBinary), printed);
  });

  test('read back as the same number', () => {
    const check = (bytes: bigint): void => assert.equal(wholeBytes(formatBinary(bytes)), bytes);
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 63n - 1n), fc.nat(40), (n, k) => check((n >> BigInt(k)) << BigInt(k))));
  });
});
