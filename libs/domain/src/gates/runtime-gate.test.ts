import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { aPredictorSnapshot } from '../testing/builders.ts';
import { aSeenRuntime } from '../testing/gate-builders.ts';
import type { Finding } from './gate.ts';
import { runtimeGate } from './runtime-gate.ts';

const [one, two] = [aSeenRuntime('a'), aSeenRuntime('b')];
const words = ({ state, reason, message }: Finding): string => `${state} ${reason ?? '-'}: ${message}`;

describe('runtime', () => {
  const asked = (label: string, format = 'sklearn', version?: string) => ({ label, format, version });
  test.each<[string, Partial<PredictorSnapshot>, Parameters<typeof runtimeGate>[1], string]>([
    [
      'a pod is ready, so that no runtime was read',
      { runtimes: undefined },
      asked('mt:sklearn'),
      'passed -: A runtime with ready pods serves it',
    ],
    [
      'no pod is ready, and no runtime was read',
      { runtimes: undefined, hasNoReadyRuntime: true },
      asked('mt:sklearn'),
      'unknown -: The runtimes are not all listed yet',
    ],
    [
      'the pods are not known',
      { runtimes: undefined, podsKnown: false },
      asked('mt:sklearn'),
      'unknown -: The runtimes are not all listed yet',
    ],
    ['two serve it', { runtimes: [one, two] }, asked('mt:sklearn'), 'passed -: a, b serves it'],
    [
      'none has the name',
      { runtimes: [one] },
      asked('rt:x'),
      'open RuntimeNotRecognized: No runtime x serves models here',
    ],
    [
      'none has the format',
      { runtimes: [one] },
      asked('mt:onnx', 'onnx'),
      'open NoSupportingRuntime: No runtime serves onnx',
    ],
    [
      'none has the version and protocol',
      { runtimes: [] },
      asked('mt:onnx:2|pv:v2', 'onnx', '2'),
      'open NoSupportingRuntime: No runtime serves onnx version 2 with protocol v2',
    ],
    [
      'only the two nearest are named',
      { runtimes: ['a', 'b', 'c'].map((name) => aSeenRuntime(name, { disabled: true })) },
      asked('mt:sklearn'),
      'open NoSupportingRuntime: No runtime serves sklearn; a: disabled: spec.disabled is true; b: disabled: spec.disabled is true',
    ],
    [
      'a version that only a named model gets',
      {
        runtimes: [
          aSeenRuntime('a', {
            supportedModelFormats: [
              { name: 'sklearn', version: '1' },
              { name: 'sklearn', version: '2', autoSelect: true },
            ],
          }),
        ],
      },
      asked('mt:sklearn:1', 'sklearn', '1'),
      'open NoSupportingRuntime: No runtime serves sklearn version 1; a: sklearn is not marked autoSelect, so only models that name this runtime are served',
    ],
    [
      'a format without a version',
      { runtimes: [aSeenRuntime('a', { supportedModelFormats: [{ name: 'sklearn', autoSelect: true }] })] },
      asked('mt:sklearn:1', 'sklearn', '1'),
      'open NoSupportingRuntime: No runtime serves sklearn version 1; a: supports sklearn without a version, but version 1 was requested',
    ],
    [
      'another protocol',
      { runtimes: [aSeenRuntime('a', { protocolVersions: ['v1', 'v3'] })] },
      asked('mt:sklearn|pv:v2'),
      'open NoSupportingRuntime: No runtime serves sklearn with protocol v2; a: supports protocol v1, v3, but v2 was requested',
    ],
  ])('%s', (_rule, more, wanted, expected) => {
    expect(words(runtimeGate(aPredictorSnapshot(more), wanted))).toBe(expected);
  });

  test('each runtime is a detail', () => {
    const { details } = runtimeGate(
      aPredictorSnapshot({ runtimes: [one, aSeenRuntime('x', { disabled: true }, 'ClusterServingRuntime')] }),
      asked('mt:sklearn'),
    );
    expect(details).toEqual([
      { about: 'ServingRuntime a', says: 'serves it' },
      { about: 'ClusterServingRuntime x', says: 'disabled: spec.disabled is true' },
    ]);
  });
});
