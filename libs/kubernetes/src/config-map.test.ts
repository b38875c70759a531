import assert from 'node:assert/strict';
import { decodeConfigMap } from './config-map.ts';

const configMap = (data?: Record<string, string>): Parameters<typeof decodeConfigMap>[0] => ({
  metadata: { name: 'model-serving-config' },
  ...(data && { data }),
});

test('a configuration is decoded with the booleans of YAML 1.1', () => {
  assert.deepEqual(decodeConfigMap(configMap({ 'config.yaml': 'headlessService: no\npodsPerRuntime: 3' })), {
    headlessService: false,
    podsPerRuntime: 3,
  });
});

test('an empty configuration is one of defaults', () => {
  assert.deepEqual(decodeConfigMap(configMap({ 'config.yaml': '' })), {});
});

test('a missing key, broken YAML and a list are problems, not errors', () => {
  const problem = (data?: Record<string, string>): unknown => decodeConfigMap(configMap(data))['decodingProblem'];
  assert.equal(problem(), 'User ConfigMap must contain a key named config.yaml');
  assert.match(String(problem({ 'config.yaml': 'a: [1' })), /^While parsing config: yaml: /);
  assert.equal(problem({ 'config.yaml': '- a' }), 'config.yaml must be a map of settings');
});
