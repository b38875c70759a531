import assert from 'node:assert/strict';
import type { Container, EnvVar, Pod } from '../kube/objects.ts';
import { resolveEnvironment, type EnvironmentInput } from './environment.ts';

const first: Container = {
  name: 'first',
  image: 'i',
  resources: { limits: { memory: '1Gi', cpu: '1500m' }, requests: { memory: '96Mi' } },
};
const second: Container = { name: 'second', image: 'i' };
const pod: Pod = {
  metadata: { name: 'a-pod', namespace: 'a-namespace', uid: 'a-uid', labels: { app: 'echo' } },
  spec: { containers: [first, second] },
  status: {},
};

function resolve(env: readonly EnvVar[], container = first): Promise<Readonly<Record<string, string>>> {
  const input: EnvironmentInput = {
    pod,
    container: { ...container, env },
    placement: { podIP: '10.64.0.10', hostIP: '10.64.0.1', nodeName: 'sandbox' },
    capacity: { memory: '2Ki', cpu: '4' },
    lookUp: async (kind, name) => (kind === 'secrets' && name === 'there' ? { key: 'value' } : undefined),
  };
  return resolveEnvironment(input);
}

const field = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const resource = (name: string, resource: string, more: object = {}): EnvVar => ({
  name,
  valueFrom: { resourceFieldRef: { resource, ...more } },
});

test('values see the variables before them', async () => {
  const env = [{ name: 'A', value: 'x' }, { name: 'B', value: '$(A)/$(C)' }, { name: 'C' }];
  assert.deepEqual(await resolve(env), { A: 'x', B: 'x/$(C)', C: '' });
});

test('fields of the Pod are those of where it runs', async () => {
  const env = [
    field('A', 'metadata.name'),
    field('B', 'metadata.namespace'),
    field('C', 'status.podIP'),
    field('D', 'status.hostIP'),
  ];
  const more = [
    field('E', 'spec.nodeName'),
    field('F', "metadata.labels['app']"),
    field('G', "metadata.annotations['none']"),
  ];
  assert.deepEqual(await resolve([...env, ...more]), {
    A: 'a-pod',
    B: 'a-namespace',
    C: '10.64.0.10',
    D: '10.64.0.1',
    E: 'sandbox',
    F: 'echo',
    G: '',
  });
});

test('resources are numbers of divisors, rounded up', async () => {
  const env = [
    resource('A', 'requests.memory'),
    resource('B', 'limits.memory', { divisor: '1Mi' }),
    resource('C', 'limits.cpu'),
    resource('D', 'limits.cpu', { divisor: '1m' }),
  ];
  assert.deepEqual(await resolve([...env, resource('E', 'limits.memory', { divisor: '0' })]), {
    A: String(96 * 2 ** 20),
    B: '1024',
    C: '2',
    D: '1500',
    E: String(2 ** 30),
  });
});

test('resources of another container can be named; without a limit the whole node is', async () => {
  const env = [
    resource('A', 'requests.memory', { containerName: 'first' }),
    resource('B', 'limits.memory'),
    resource('C', 'requests.cpu'),
  ];
  assert.deepEqual(await resolve(env, second), { A: String(96 * 2 ** 20), B: '2048', C: '0' });
});

test('keys of Secrets are looked up; only an optional one may be missing', async () => {
  const key = (name: string, more: object = {}): EnvVar => ({
    name: 'A',
    valueFrom: { secretKeyRef: { name, key: 'key', ...more } },
  });
  assert.deepEqual(await resolve([key('there')]), { A: 'value' });
  assert.deepEqual(await resolve([key('absent', { optional: true })]), {});
  await assert.rejects(resolve([key('absent')]), { message: 'A needs key key of absent, which is not there' });
});
