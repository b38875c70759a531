import assert from 'node:assert/strict';
import { createRegistry } from '@meshkeeper/metrics';
import { parseInfoMetric, registerInfoMetric } from './info-metric.ts';

const env = { SLOT: 'blue', GROUP: 'g1' };

const cases: readonly (readonly [string, string, unknown])[] = [
  ['nothing is no metric', '', undefined],
  [
    'labels get the values of variables',
    'my_info;slot=SLOT,group=GROUP',
    { name: 'my_info', labels: { slot: 'blue', group: 'g1' } },
  ],
  ['a metric without labels', 'my:info', { name: 'my:info', labels: {} }],
];
for (const [name, text, wanted] of cases) test(name, () => assert.deepEqual(parseInfoMetric(text, env), wanted));

const mistakes: readonly (readonly [string, string])[] = [
  ['my info', 'must have the form name;label=VARIABLE,…'],
  ['my_info;slot', 'must have the form name;label=VARIABLE,…'],
  ['my_info;slot=NOWHERE', 'the variable NOWHERE is not set'],
  ['my_info;a=SLOT,b=SLOT,c=SLOT,d=SLOT,e=SLOT,f=SLOT', '5 labels at most'],
];
for (const [text, what] of mistakes) {
  test(`${text} is refused: ${what}`, () =>
    assert.throws(() => parseInfoMetric(text, env), { name: 'SettingsError', message: `MM_INFO_METRICS: ${what}` }));
}

test('the gauge is 1 with its labels', async () => {
  const registry = createRegistry();
  registerInfoMetric({ name: 'my_info', labels: { slot: 'blue' } }, registry);
  assert.match(await registry.metrics(), /^my_info\{slot="blue"\} 1$/m);
});
