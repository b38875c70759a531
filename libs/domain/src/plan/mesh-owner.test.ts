import type { MeshSnapshot } from '../snapshot/snapshot.ts';
import { aMeshSnapshot, CONFIG, NOW, viewed } from '../testing/builders.ts';
import { plan } from './plan.ts';

const service = (more: Partial<MeshSnapshot>) => {
  const step = plan(aMeshSnapshot(more), NOW).steps.find(({ kind }) => kind === 'create');
  return step?.kind === 'create' ? (step.object.metadata.ownerReferences ?? []) : undefined;
};
const scoped = { controllerDeployment: 'c', namespace: undefined };

test('the Service belongs to the namespace, in namespace scope to the controller, where its uid is known', () => {
  const reference = (apiVersion: string, kind: string, name: string, uid: string) =>
    expect.objectContaining({ apiVersion, kind, name, uid, controller: true }) as unknown;
  expect([service({}), service({ ...scoped, live: { controllerUid: 'u' } }), service(scoped)]).toEqual([
    [reference('v1', 'Namespace', 'team-a', 'uid-of-team-a')],
    [reference('apps/v1', 'Deployment', 'c', 'u')],
    [],
  ]);
});

test('nothing is made where the namespace is not known, or gone', () => {
  const going = viewed('namespaces', { metadata: { name: 'team-a', deletionTimestamp: 'x' } });
  const found = [{ namespace: undefined }, { namespace: going }, { namespaceEnabled: undefined }, { complete: false }];
  expect(found.map(service)).toEqual([undefined, undefined, undefined, undefined]);
});

test('a ServiceMonitor goes where metrics are off, and is looked for again only where it is wanted', () => {
  const of = (metrics: Partial<typeof CONFIG.metrics>, serviceMonitorsComplete = true) => {
    const config = {
      kind: 'ok' as const,
      config: { ...CONFIG, metrics: { ...CONFIG.metrics, ...metrics } },
      warnings: [],
    };
    const serviceMonitor = viewed('serviceMonitors', { metadata: { name: 'm', namespace: 'team-a' } });
    const { steps, lookAgainMs } = plan(aMeshSnapshot({ config, serviceMonitor, serviceMonitorsComplete }), NOW);
    return [steps.map(({ kind }) => kind), lookAgainMs];
  };
  expect([of({}), of({ enabled: false }), of({ disablePrometheusOperatorSupport: true }), of({}, false)]).toEqual([
    [['create'], 1],
    [['create', 'delete'], undefined],
    [['create', 'delete'], undefined],
    [['create', 'delete'], undefined],
  ]);
});
