import { unknownKey } from './unknown-keys.ts';

const KNOWN = ['podsPerRuntime', 'metrics', 'tls'];
test.each([
  ['a key with a wrong letter', 'podsPerRuntine', '', 'podsPerRuntime'],
  ['a key in other case', 'PODSPERRUNTIME', '', 'podsPerRuntime'],
  ['a key with two letters changed', 'mertics', '', 'metrics'],
  ['a short key with two wrong letters', 'txx', '', 'tls'],
  ['a long key with a third of its letters wrong', 'podsPerRxxxxx', '', undefined],
  ['a key with four of thirteen letters wrong', 'podsPerRuxxxx', '', undefined],
  ['a key with four of fifteen letters added', 'podsPerRuntimexxxx', '', 'podsPerRuntime'],
  ['a key with letters missing', 'metr', '', undefined],
  ['a key with two letters missing', 'metri', '', 'metrics'],
  ['a key inside another', 'metrisc', 'outer', 'outer.metrics'],
  ['a path with a dot', 'Metrics.port', '', 'metrics::port'],
  ['a path of an unknown group', 'other.port', '', undefined],
  ['a key like no other', 'zzzzzzz', '', undefined],
])('%s has a hint where one is near', (_rule, name, inside, meant) => {
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  expect(unknownKey(name, KNOWN, inside)).toBe(`unknown key, without effect${hint}`);
});

test('without known keys there is no hint', () => {
  expect(unknownKey('a', [], '')).toBe('unknown key, without effect');
});

test('the nearest of several is the hint', () => {
  expect(unknownKey('abcd', ['abxx', 'abcx', 'axxx'], '')).toBe('unknown key, without effect; did you mean abcx?');
});
