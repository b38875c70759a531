import type { InstanceView } from './cluster-view.ts';
import { placeModel } from './place-model.ts';
import type { CopiedModel } from './plan-copies.ts';
import { cluster, HOUR, instance, loadedOn, MIB, model, NOW } from './testing/builders.ts';

const free = (id: string, mib: number, parts: Partial<InstanceView> = {}) =>
  instance(id, { used: (1_000 - mib) * MIB, ...parts });
const full = (id: string, age: number, parts: Partial<InstanceView> = {}) =>
  instance(id, { used: 1_000 * MIB, oldestUse: NOW - age, ...parts });

/** Where models that are alike go: to every instance that is as good as the best, or the reason why to none. */
function places(instances: readonly InstanceView[], parts: Partial<CopiedModel> = {}): readonly string[] {
  const found = Array.from({ length: 60 }, (_, index) =>
    placeModel(cluster(instances), model(`m${index}`, parts), NOW),
  );
  return [...new Set(found.map((each) => (each.kind === 'placed' ? each.instance : each.reason)))].sort();
}

test.each<[string, readonly InstanceView[], Partial<CopiedModel>, readonly string[]]>([
  ['an instance may hold a model of its whole capacity', [free('a', 1_000)], { units: 1_000 * MIB }, ['a']],
  ['no instance holds a larger model', [free('a', 1_000)], { units: 1_000 * MIB + 1 }, ['too-large']],
  ['a model may take all that is free', [free('a', 60), full('b', HOUR)], { units: 60 * MIB }, ['a']],
  ['an instance with a twentieth free is not full', [free('a', 50), free('b', 49)], {}, ['a']],
  ['full instances are as good where all are', [free('a', 49), free('b', 40)], {}, ['a', 'b']],
  ['models as old as the new one give way', [full('a', HOUR)], { lastUsed: NOW - HOUR }, ['a']],
  ['younger models do not give way', [full('a', HOUR)], { lastUsed: NOW - HOUR - 1 }, ['no-space']],
  ['models of five minutes give way', [full('a', 300_000)], {}, ['a']],
  ['models of less than five minutes do not', [full('a', 299_999)], {}, ['no-space']],
  ['an instance without loaded models has none to give up', [instance('a', { used: 1_000 * MIB })], {}, ['no-space']],
  ['ages within a tenth are alike', [full('a', HOUR), full('b', HOUR - 360_000)], {}, ['a', 'b']],
  ['ages beyond a tenth are not', [full('a', HOUR), full('b', HOUR - 360_001)], {}, ['a']],
  ['ages within 45 seconds are alike', [full('a', 400_000), full('b', 355_000)], {}, ['a', 'b']],
  ['ages beyond 45 seconds are not', [full('a', 400_000), full('b', 354_999)], {}, ['a']],
  ['a quarter of the most free space is enough', [free('a', 1_000), free('b', 250)], {}, ['a', 'b']],
  ['less than a quarter is not', [free('a', 1_000), free('b', 249)], {}, ['a']],
  ['a quarter more models are alike', [instance('a', { models: 4 }), instance('b', { models: 5 })], {}, ['a', 'b']],
  ['more models than that are not', [instance('a', { models: 4 }), instance('b', { models: 6 })], {}, ['a']],
  ['an instance with 100 requests may be busy', [instance('a', { rpm: 40 }), instance('b', { rpm: 100 })], {}, ['a']],
  ['one with 99 is never busy', [instance('a', { rpm: 40 }), instance('b', { rpm: 99 })], {}, ['a', 'b']],
  ['twice the requests are not busy', [instance('a', { rpm: 100 }), instance('b', { rpm: 200 })], {}, ['a', 'b']],
  ['more than twice are', [instance('a', { rpm: 100 }), instance('b', { rpm: 201 })], {}, ['a']],
  ['loads that fit the threads do not count', [instance('a'), instance('b', { loading: 5 })], {}, ['a', 'b']],
  ['a whole round of loads does', [instance('a'), instance('b', { loading: 6 })], {}, ['a']],
  ['an instance that is leaving comes last', [instance('a'), instance('b', { leaving: true })], {}, ['a']],
  ['it is used where there is no other', [instance('b', { leaving: true })], {}, ['b']],
  [
    'another zone is better',
    [instance('a'), instance('b'), instance('c', { zone: 'z2' })],
    { copies: loadedOn('a') },
    ['c'],
  ],
  [
    'another node of the zone is better',
    [instance('a', { node: 'n' }), instance('b', { node: 'n' }), instance('c')],
    { copies: loadedOn('a') },
    ['c'],
  ],
  [
    'the zone of a draining copy is not avoided',
    [instance('a', { draining: true }), instance('b'), instance('c', { zone: 'z2' })],
    { copies: loadedOn('a') },
    ['b', 'c'],
  ],
  [
    'two failures leave the others',
    [instance('a'), instance('b'), instance('c')],
    {
      failures: [
        { instance: 'a', at: NOW },
        { instance: 'b', at: NOW },
      ],
    },
    ['c'],
  ],
  [
    'a failure expires after seven and a half minutes',
    [instance('a')],
    { failures: [{ instance: 'a', at: NOW - 450_000 }] },
    ['a'],
  ],
  ['and not before', [instance('a')], { failures: [{ instance: 'a', at: NOW - 449_999 }] }, ['failed']],
])('%s', (_rule, instances, parts, expected) => {
  expect(places(instances, parts)).toEqual(expected);
});
