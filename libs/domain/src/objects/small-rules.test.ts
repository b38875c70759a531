import { CallError, classifyError, messageOf } from '../reasons/call-error.ts';
import { KINDS, watchedKinds, type Kind } from './kinds.ts';
import { parseQuantity, sameQuantity, wholeBytes } from './quantity.ts';
import { runtimeLabels, servedFormats, supportedTypes, supports } from './runtime-labels.ts';
import { formatKey, parseKey } from './work-key.ts';

test('a call error has its class, its code and the wait that was asked', () => {
  const cause = new Error('boom');
  const error = new CallError('Conflict', 'm', { cause, retryAfterMs: 5, code: '409' });
  const { name, message, kind, retryAfterMs, code } = error;
  expect({ name, message, kind, retryAfterMs, code, cause: error.cause }).toEqual({
    name: 'CallError',
    message: 'm',
    kind: 'Conflict',
    retryAfterMs: 5,
    code: '409',
    cause,
  });
  expect([classifyError(error), classifyError(cause), classifyError('x')]).toEqual([
    'Conflict',
    'Transient',
    'Transient',
  ]);
  expect([messageOf(cause), messageOf('x')]).toEqual(['boom', 'x']);
});

test('in namespace scope no kind of the whole cluster is watched', () => {
  const [all, own] = [watchedKinds(false), watchedKinds(true)];
  expect(all.filter((kind) => !own.includes(kind))).toEqual(['namespaces', 'clusterServingRuntimes']);
});

test('a cluster may lack what is not of Kubernetes itself, except ServingRuntimes', () => {
  const kinds: readonly (readonly [string, Kind])[] = Object.entries(KINDS);
  const named = (has: (kind: Kind) => boolean) => kinds.filter(([, kind]) => has(kind)).map(([name]) => name);
  const optional = ['inferenceServices', 'predictors', 'clusterServingRuntimes', 'serviceMonitors'];
  expect(named((kind) => kind.optional === true)).toEqual(optional);
  expect(named((kind) => !kind.namespaced)).toEqual(['namespaces', 'clusterServingRuntimes']);
  expect(named((kind) => kind.ownNamespaceOnly === true)).toEqual(['config']);
});

test.each(['mesh/n', 'runtime/n/r', 'predictor/n/isvc/m', 'predictor/n/ksp/m'])('%s is a key', (text) => {
  const key = parseKey(text);
  expect(key && formatKey(key)).toBe(text);
});

test.each([
  '',
  'mesh',
  'mesh/',
  'mesh/n/x',
  'runtime/n',
  'runtime/n/',
  'runtime/n/r/x',
  'predictor/n/isvc',
  'predictor/n/isvc/',
  'predictor/n/other/m',
  'predictor/n/isvc/m/x',
  'predictor//isvc/m',
  'other/n',
  'other/n/r',
  'other/n/isvc/m',
])('%j is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});

test.each([
  ['a quantity of a hundred characters is read', '0'.repeat(99) + '1', 1_000_000_000n],
  ['a longer one is not', '0'.repeat(100) + '1', undefined],
  ['the largest amount of a binary unit is cut off', '8Ei', (2n ** 63n - 1n) * 1_000_000_000n],
  ['an amount of no binary unit is not', '9223372036854775808', 2n ** 63n * 1_000_000_000n],
  ['a fraction is rounded up', '0.1n', 1n],
  ['an exponent may be negative', '1e-3', 1_000_000n],
  ['a unit without a number is none', 'Ki', undefined],
])('%s', (_rule, text, nanos) => {
  expect(parseQuantity(text)?.nanos).toBe(nanos);
});

test('amounts are compared and rounded to bytes, away from zero', () => {
  expect([sameQuantity('1', '1000m'), sameQuantity('1', '2'), sameQuantity('x', 'x'), sameQuantity('1', 'x')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(['1', '1500m', '-1500m', '0', 'x'].map(wholeBytes)).toEqual([1n, 2n, -2n, 0n, undefined]);
});

describe('The labels of a runtime', () => {
  const spec = {
    supportedModelFormats: [
      { name: 'b', version: '1', autoSelect: true },
      { name: 'a', version: '', autoSelect: true },
      { name: 'c', version: '2', autoSelect: false },
      { name: 'd', version: null },
    ],
    protocolVersions: ['grpc-v2'],
  };

  test('are those of the formats that are chosen by themselves, in order', () => {
    expect(runtimeLabels('r', spec, false)).toEqual(['mt:a', 'mt:b', 'mt:b:1', 'pv:grpc-v2', 'rt:r']);
    expect(runtimeLabels('r', spec, true)).toEqual(['mt:a', 'mt:b', 'mt:b:1', 'pv:grpc-v2', 'pv:v2', 'rt:r']);
    expect(runtimeLabels('r', { ...spec, protocolVersions: ['v1'] }, true)).toContain('pv:v1');
    expect(runtimeLabels('r', { protocolVersions: ['v1'] }, true)).toEqual(['pv:v1', 'rt:r']);
    expect(runtimeLabels('r', { supportedModelFormats: null, protocolVersions: null }, true)).toEqual(['rt:r']);
  });

  test('leave out what it serves only by name', () => {
    expect(servedFormats(spec)).toEqual({
      formats: [
        { name: 'b', version: '1', autoSelect: true },
        { name: 'a', autoSelect: true },
        { name: 'c', version: '2' },
        { name: 'd' },
      ],
      protocols: ['grpc-v2'],
    });
    expect(servedFormats({ supportedModelFormats: 'x', protocolVersions: [1] })).toEqual({
      formats: [],
      protocols: [],
    });
  });

  test('decide which types it can hold', () => {
    const labels = ['mt:a', 'pv:v1', 'rt:r'];
    expect([supports(labels, 'mt:a|pv:v1'), supports(labels, 'mt:a|pv:v2'), supports(labels, 'rt:r')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(supportedTypes(labels)).toEqual(['mt:a', 'mt:a|pv:v1', 'rt:r']);
    expect(supportedTypes(['mt:a', 'pv:grpc-v2'])).toEqual(['mt:a', 'mt:a|pv:grpc-v2', 'mt:a|pv:v2']);
  });
});
