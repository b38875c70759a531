import { z } from 'zod';
import type { Json } from '../objects/reduce.ts';
import { ARCHITECTURES, isRevision, NEWEST_REVISION, PORTS, TERMINATION_GRACE_SECONDS } from './base-values.ts';
import { toBoolean, toList, toMap, toText, toWhole } from './coerce.ts';
import { canonicalizeKeys } from './canonicalize-keys.ts';

const schema = z.object({
  someText: z.string(),
  flag: z.boolean(),
  group: z.object({ innerText: z.string() }),
  items: z.array(z.object({ itemName: z.string() })),
  names: z.record(z.string(), z.string()),
});
const inText = 'a number is used as "1.5"; put it in quotes, or zeros at its end are lost';
const truth = 'true is used as "1"; put the text you mean in quotes';

test.each<[string, Json, Json, readonly string[]]>([
  [
    'keys get their own spelling',
    { SOMETEXT: 'a', Group: { INNERTEXT: 'b' } },
    { someText: 'a', group: { innerText: 'b' } },
    [],
  ],
  ['nulls are left out', { someText: null, group: { innerText: null } }, { group: {} }, []],
  [
    'unknown keys are left out, with a warning',
    { someTxt: 'a' },
    {},
    ['someTxt: unknown key, without effect; did you mean someText?'],
  ],
  [
    'unknown keys of a group name it',
    { group: { innerTxt: 'a' } },
    { group: {} },
    ['group.innerTxt: unknown key, without effect; did you mean group.innerText?'],
  ],
  [
    'the last of two spellings counts',
    { sometext: 'a', SOMETEXT: 'b' },
    { someText: 'b' },
    ['someText: given twice, as sometext and as SOMETEXT; the last one counts'],
  ],
  ['a null is not given', { sometext: null, SOMETEXT: 'b' }, { someText: 'b' }, []],
  ['a truth value as text is warned of', { someText: true }, { someText: true }, [`someText: ${truth}`]],
  ['a fraction as text is warned of', { someText: 1.5 }, { someText: 1.5 }, [`someText: ${inText}`]],
  ['a whole number as text is not', { someText: 2 }, { someText: 2 }, []],
  ['a truth value as such is not', { flag: true }, { flag: true }, []],
  [
    'items of a list are spelt',
    { items: [{ ITEMNAME: 'a' }, null, { itemname: true }] },
    { items: [{ itemName: 'a' }, { itemName: true }] },
    [`items[1].itemName: ${truth}`],
  ],
  [
    'a map in the place of a list is an item',
    { items: { ITEMNAME: true } },
    { items: { itemName: true } },
    [`items[0].itemName: ${truth}`],
  ],
  ['a text in the place of a list stays', { items: 'a' }, { items: 'a' }, []],
  [
    'names of a map stay, without nulls',
    { names: { KEY: 'a', other: null, x: true } },
    { names: { KEY: 'a', x: true } },
    [`names.x: ${truth}`],
  ],
  ['a list of maps is spelt by entries', { names: [{ KEY: 'a', b: null }, 'c'] }, { names: [{ KEY: 'a' }, 'c'] }, []],
  ['a text in the place of a map stays', { names: 'a', group: 'b' }, { names: 'a', group: 'b' }, []],
])('%s', (_rule, given, canonical, expected) => {
  const warnings: string[] = [];
  expect(canonicalizeKeys(given, schema, [], (warning) => warnings.push(warning))).toEqual(canonical);
  expect(warnings).toEqual(expected);
});

test('values are read loosely, and what cannot be read is handed back', () => {
  const read = (as: (given: unknown) => unknown, ...given: readonly unknown[]) => given.map(as);
  expect(read(toWhole, 3.9, -3.9, true, false, '', '-7', '0x1F', '0b11', '007', '1.5', null)).toEqual([
    3,
    -3,
    1,
    0,
    0,
    -7,
    31,
    3,
    '007',
    '1.5',
    null,
  ]);
  expect(read(toBoolean, 0, 2, 'T', '1', '', 'FALSE', 'yes', true, null)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
    'yes',
    true,
    null,
  ]);
  expect(read(toText, true, false, 1.5, 'a', null)).toEqual(['1', '0', '1.5', 'a', null]);
  expect(read(toList, ['a'], 'a,b', '', {}, { a: 1 }, 3)).toEqual([['a'], ['a', 'b'], [], [], [{ a: 1 }], [3]]);
  expect(read(toMap, [{ a: 1 }, { a: 2, b: 3 }], [{ a: 1 }, 'x'], [[]], { a: 1 }, 'x')).toEqual([
    { a: 2, b: 3 },
    [{ a: 1 }, 'x'],
    [[]],
    { a: 1 },
    'x',
  ]);
});

test('ports, the grace period, architectures and revisions are those of the original', () => {
  expect(PORTS).toEqual({ mesh: 8033, adapter: 8085, puller: 8086, probes: 8089, preStop: 8090 });
  expect([TERMINATION_GRACE_SECONDS, ARCHITECTURES, NEWEST_REVISION]).toEqual([90, ['amd64', 'arm64', 's390x'], 2]);
  expect([-1, 0, 1, 2, 3, '1'].map(isRevision)).toEqual([false, true, true, true, false, false]);
});
