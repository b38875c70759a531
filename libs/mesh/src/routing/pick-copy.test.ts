import { pickCopy, type ReachableCopy } from './pick-copy.ts';

const copy = (iid: string, parts: Partial<ReachableCopy> = {}): ReachableCopy => ({
  iid,
  isLocal: false,
  isLoaded: true,
  since: 0,
  inFlight: 0,
  lastCalled: 0,
  ...parts,
});

const cases: readonly (readonly [rule: string, copies: readonly ReachableCopy[], picked: string | undefined])[] = [
  ['no copy is none', [], undefined],
  [
    'a loaded copy is picked before an earlier one that is loading',
    [copy('a', { isLoaded: false }), copy('b', { since: 9 })],
    'b',
  ],
  [
    'of loading copies the earliest assignment is picked',
    [copy('a', { isLoaded: false, since: 2 }), copy('b', { isLoaded: false, since: 1 })],
    'b',
  ],
  [
    'the copy with the fewest calls in flight is picked, even if another is local',
    [copy('a', { isLocal: true, inFlight: 1 }), copy('b')],
    'b',
  ],
  [
    'of equally busy copies the local one is picked, though it was called last',
    [copy('a'), copy('b', { isLocal: true, lastCalled: 9 })],
    'b',
  ],
  [
    'of equally busy remote copies the one called the longest ago is picked',
    [copy('a', { lastCalled: 2 }), copy('b', { lastCalled: 1 })],
    'b',
  ],
  ['of copies that are equal in everything the first is picked', [copy('a'), copy('b')], 'a'],
];
test.each(cases)('%s', (_rule, copies, picked) => {
  expect(pickCopy(copies, false)?.iid).toBe(picked);
});

test('a local loaded copy is preferred over a less busy one when the caller balances already', () => {
  const copies = [copy('a'), copy('b', { isLocal: true, inFlight: 5 })];
  expect(pickCopy(copies, true)?.iid).toBe('b');
  expect(
    pickCopy([copy('a', { isLoaded: false, since: 1 }), copy('b', { isLoaded: false, isLocal: true, since: 2 })], true)
      ?.iid,
  ).toBe('a');
});
