import assert from 'node:assert/strict';
import { readings } from '../testing/config-readings.ts';

describe('the loose reading of the original', () => {
  test('takes a number from text, a fraction and a switch', () => {
    assert.deepEqual(readings('podsPerRuntime', ['3', 1.9, true, false, '', '0x10', '+5']), [3, 1, 1, 0, 0, 16, 5]);
  });

  test('takes no number from any other text', () => {
    const texts = ['none', '1.9', ' 3', '010', '1_0', '3 pods'];
    assert.deepEqual(
      readings('podsPerRuntime', texts),
      texts.map((text) => `podsPerRuntime: "${text}" is not a whole number; give 0 to 65535`),
    );
  });

  test('takes a switch from text and from numbers', () => {
    assert.deepEqual(readings('allowAnyPVC', ['true', 'T', '1', 1, 0.5, 'false', 'F', '0', 0, '']), [
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test('takes a list from text with commas, and from a single value', () => {
    assert.deepEqual(readings('payloadProcessors', ['a,b', '', 3, {}, ['', 'x']]), [
      ['a', 'b'],
      [],
      ['3'],
      [],
      ['', 'x'],
    ]);
    assert.deepEqual(readings('imagePullSecrets', [{ Name: 'a' }, {}, '']), [[{ name: 'a' }], [], []]);
  });

  test('takes text from numbers and switches', () => {
    assert.deepEqual(readings('serviceAccountName', ['a', 3, 1.1, true, false]), ['a', '3', '1.1', '1', '0']);
  });

  test('takes a map from a list of maps', () => {
    const maps = [[], [{ A: 'b' }, { A: 'c', d: null, e: 1 }]];
    assert.deepEqual(readings('runtimePodLabels', maps), [{}, { A: 'c', e: '1' }]);
  });

  test('takes name and value of a variable, and nothing else', () => {
    assert.deepEqual(readings('internalModelMeshEnvVars', [[{ name: 'A', Value: 3, valueFrom: {} }, { name: 'B' }]]), [
      [
        { name: 'A', value: '3' },
        { name: 'B', value: '' },
      ],
    ]);
  });
});
