import assert from 'node:assert/strict';
import type { JsonObject } from '../objects/reduce.ts';
import { autoscalerProblem, readAutoscaling, type Autoscaling } from './autoscaling.ts';

type Short = Readonly<Record<string, string>>;

function annotations(short: Short): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(short).map(([name, value]) => [`serving.kserve.io/${name}`, value]));
}

const TARGET = 'The target utilization percentage should be a [1-100] integer.';
const BOTH = 'Autoscaler is enabled and also replicas variable set. You can not set both.';
const MAX = 'The max replicas should be same or bigger than min replicas.';

const problems: readonly [name: string, Short, string | undefined, JsonObject?][] = [
  ['no annotation is fine', {}, undefined],
  ['an explicit none is fine, unlike at the original', { autoscalerClass: 'none' }, undefined],
  ['hpa alone is fine', { autoscalerClass: 'hpa' }, undefined],
  ['an unknown class', { autoscalerClass: 'keda' }, '[keda] is not a supported autoscaler class type.\n'],
  ['an empty class', { autoscalerClass: '' }, '[] is not a supported autoscaler class type.\n'],
  ['the class external', { autoscalerClass: 'external' }, 'unknown autoscaler class [external]'],
  ['a metric of another name', { autoscalerClass: 'hpa', metrics: 'rps' }, '[rps] is not a supported metric.\n'],
  ['a metric without hpa is not looked at', { metrics: 'rps' }, undefined],
  ['memory', { autoscalerClass: 'hpa', metrics: 'memory' }, undefined],
  [
    'the class comes before the target',
    { autoscalerClass: 'external', targetUtilizationPercentage: '0' },
    'unknown autoscaler class [external]',
  ],
  ['a target without any class', { targetUtilizationPercentage: '101' }, TARGET],
  ['a target of zero', { targetUtilizationPercentage: '0' }, TARGET],
  ['a target with a fraction', { targetUtilizationPercentage: '50.0' }, TARGET],
  ['a target with a blank', { targetUtilizationPercentage: ' 50' }, TARGET],
  ['an empty target', { targetUtilizationPercentage: '' }, TARGET],
  ['a target with sign and zeros', { targetUtilizationPercentage: '+0100' }, undefined],
  [
    'the target comes before replicas',
    { autoscalerClass: 'hpa', targetUtilizationPercentage: 'x' },
    TARGET,
    { replicas: 2 },
  ],
  ['replicas with hpa', { autoscalerClass: 'hpa' }, BOTH, { replicas: 0 }],
  ['replicas 65535 read as unset', { autoscalerClass: 'hpa' }, undefined, { replicas: 65_535 }],
  ['replicas without hpa', { autoscalerClass: 'none' }, undefined, { replicas: 3 }],
  ['replicas come before min', { autoscalerClass: 'hpa', 'min-scale': 'x' }, BOTH, { replicas: 3 }],
  ['min that is no number', { autoscalerClass: 'hpa', 'min-scale': '1.5' }, 'The min replicas should be a integer.'],
  ['min of zero', { autoscalerClass: 'hpa', 'min-scale': '0' }, 'The min replicas should be more than 0'],
  ['max that is no number', { autoscalerClass: 'hpa', 'max-scale': '' }, 'The max replicas should be a integer.'],
  [
    'max that would wrap round',
    { autoscalerClass: 'hpa', 'max-scale': '4294967297' },
    'The max replicas should be a integer.',
  ],
  ['min above max', { autoscalerClass: 'hpa', 'min-scale': '3', 'max-scale': '2' }, MAX],
  ['min alone, since an absent max is 1', { autoscalerClass: 'hpa', 'min-scale': '2' }, MAX],
  ['min and max alike', { autoscalerClass: 'hpa', 'min-scale': '2', 'max-scale': '2' }, undefined],
  ['min and max without hpa are not looked at', { 'min-scale': 'x', 'max-scale': 'y' }, undefined],
];

describe('what is wrong with the autoscaling of a runtime', () => {
  for (const [name, short, problem, spec] of problems)
    test(name, () => assert.equal(autoscalerProblem(annotations(short), spec ?? {}), problem));

  test('nothing, without annotations', () => assert.equal(autoscalerProblem(undefined, { replicas: 2 }), undefined));
});

const defaults: Autoscaling = { class: 'none', metric: 'cpu', target: 80, min: 1, max: 1 };
const readings: readonly [name: string, Short, Autoscaling][] = [
  ['nothing', {}, defaults],
  ['none', { autoscalerClass: 'none' }, defaults],
  [
    'external counts as none and is reported',
    { autoscalerClass: 'external' },
    { ...defaults, unknownClass: 'external' },
  ],
  ['so does any other class', { autoscalerClass: 'keda' }, { ...defaults, unknownClass: 'keda' }],
  [
    'everything given',
    {
      autoscalerClass: 'hpa',
      metrics: 'memory',
      targetUtilizationPercentage: '90',
      'min-scale': '2',
      'max-scale': '4',
    },
    { class: 'hpa', metric: 'memory', target: 90, min: 2, max: 4 },
  ],
  ['max is raised to min', { autoscalerClass: 'hpa', 'min-scale': '3' }, { ...defaults, class: 'hpa', min: 3, max: 3 }],
  [
    'what cannot be used falls back',
    { autoscalerClass: 'hpa', metrics: 'rps', targetUtilizationPercentage: 'x', 'min-scale': '-1', 'max-scale': '1e3' },
    { ...defaults, class: 'hpa' },
  ],
];

describe('the autoscaling of a runtime as the plan reads it', () => {
  for (const [name, short, expected] of readings)
    test(name, () => assert.deepEqual(readAutoscaling(annotations(short)), expected));
});
