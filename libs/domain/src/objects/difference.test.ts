import type { Json } from './reduce.ts';
import { firstDifference } from './difference.ts';

test.each<[string, Json, Json, string | undefined]>([
  ['equal values do not differ', { a: 1 }, { a: 1 }, undefined],
  ['other values differ', { a: { b: 1 } }, { a: { b: 2 } }, 'a.b'],
  ['what is not wanted belongs to others', { a: 1 }, { a: 1, b: 2 }, undefined],
  ['an undefined wish is none', { a: undefined }, { a: 1 }, undefined],
  ['a missing value differs', { a: 1 }, {}, 'a'],
  ['an empty text is as good as absent', { a: '' }, {}, undefined],
  ['false is as good as absent', { a: false }, {}, undefined],
  ['null is as good as absent', { a: null }, {}, undefined],
  ['zero is not absent', { a: 0 }, {}, 'a'],
  ['an empty text is not another text', { a: '' }, { a: 'x' }, 'a'],
  ['a map is not a text', { a: { b: 1 } }, { a: 'x' }, 'a'],
  ['a map is not null', { a: { b: 1 } }, { a: null }, 'a'],
  ['a map is not a list', { a: { b: 1 } }, { a: [] }, 'a'],
  ['an empty map is as good as absent', { a: {} }, {}, undefined],
  ['an empty map is not null', { a: {} }, { a: null }, 'a'],
  ['a map with a wish is not absent', { a: { b: '' } }, {}, 'a'],
  ['an empty list is as good as absent', { a: [] }, {}, undefined],
  ['an empty list is not a text', { a: [] }, { a: 'x' }, 'a'],
  ['an empty list is not a longer one', { a: [] }, { a: [1] }, 'a'],
  ['a list is not absent', { a: [1] }, {}, 'a'],
  ['a list is not a longer one', { a: [1] }, { a: [1, 2] }, 'a'],
  ['items of a list are compared by position', { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] }, 'a[1].b'],
  ['equal lists do not differ', { a: [{ b: 1 }, 'c'] }, { a: [{ b: 1, d: 2 }, 'c'] }, undefined],
  [
    'an amount may be spelt otherwise',
    { c: { limits: { cpu: '0.5' } } },
    { c: { limits: { cpu: '500m' } } },
    undefined,
  ],
  [
    'a request may be spelt otherwise',
    { c: { requests: { cpu: 1 } } },
    { c: { requests: { cpu: '1000m' } } },
    undefined,
  ],
  ['another amount differs', { c: { limits: { cpu: '0.5' } } }, { c: { limits: { cpu: '600m' } } }, 'c.limits.cpu'],
  ['an amount is not a truth value', { c: { limits: { cpu: '1' } } }, { c: { limits: { cpu: true } } }, 'c.limits.cpu'],
  ['a truth value is no amount', { c: { limits: { cpu: true } } }, { c: { limits: { cpu: '1' } } }, 'c.limits.cpu'],
  ['elsewhere a text is compared as it is', { c: { cpu: '0.5' } }, { c: { cpu: '500m' } }, 'c.cpu'],
])('%s', (_rule, wanted, live, path) => {
  expect(firstDifference(wanted, live)).toBe(path);
});
