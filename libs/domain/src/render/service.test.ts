import type { MeshConfig } from '../config/mesh-config.ts';
import { CONFIG } from '../testing/builders.ts';
import { renderService } from './service.ts';

const of = (more: Partial<MeshConfig>) => {
  const { metadata, spec } = renderService('team-a', undefined, { ...CONFIG, headlessService: false, ...more });
  const { ports, clusterIP } = spec as { readonly ports: readonly object[]; readonly clusterIP?: string };
  return [ports.map((port) => ('name' in port ? port.name : '')), clusterIP, metadata.ownerReferences];
};
const proxy = (enabled: boolean, port: number) => ({ restProxy: { ...CONFIG.restProxy, enabled, port } });
const metrics = (enabled: boolean, port: number) => ({ metrics: { ...CONFIG.metrics, enabled, port } });

test.each<[string, Partial<MeshConfig>, readonly unknown[]]>([
  ['gRPC alone', { ...proxy(false, 1), ...metrics(false, 1) }, ['grpc']],
  ['the REST proxy that is enabled', { ...proxy(true, 1), ...metrics(false, 1) }, ['grpc', 'http']],
  ['metrics that are enabled', { ...proxy(false, 1), ...metrics(true, 1) }, ['grpc', 'prometheus']],
  ['none that is 0', { ...proxy(true, 0), ...metrics(true, 0) }, ['grpc']],
])('a Service has a port for %s', (_rule, more, ports) => {
  expect(of(more)).toEqual([ports, undefined, undefined]);
});

test('a headless Service has no address', () => {
  expect(of({ headlessService: true })[1]).toBe('None');
});
