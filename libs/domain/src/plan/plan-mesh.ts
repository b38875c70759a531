import type { MeshConfig } from '../config/mesh-config.ts';
import { MANAGED_BY } from '../objects/kinds.ts';
import type { OwnerReference, ReducedObject } from '../objects/reduce.ts';
import { controllerReference } from '../render/labels.ts';
import { renderServiceMonitor, SERVICE_MONITOR_NAME } from '../render/service-monitor.ts';
import { renderService } from '../render/service.ts';
import { renderTypeConstraints, TYPE_CONSTRAINTS_NAME } from '../render/type-constraints.ts';
import { configOf, type MeshSnapshot, type Viewed } from '../snapshot/snapshot.ts';
import { planDeletion, planDeletions, planObject, type ObjectPlan } from './plan-object.ts';
import { planOf, type Plan, type Step, type Warning } from './step.ts';
import type { ObjectRef } from '../objects/object-ref.ts';

/** What a namespace's mesh needs beside its pods: there while the namespace is enabled, removed with it. */
export function planMesh(snapshot: MeshSnapshot): Plan {
  const { namespaceEnabled, complete } = snapshot;
  const config = configOf(snapshot);
  const warnings = configurationWarnings(snapshot);
  if (namespaceEnabled === undefined || !complete || config === undefined || isGoing(snapshot))
    return planOf(snapshot, { warnings });
  if (!namespaceEnabled) return planOf(snapshot, { steps: removals(snapshot), warnings, memory: {} });
  const parts = [
    typeConstraintsPlan(snapshot, config),
    etcdCopyPlan(snapshot),
    servicePlan(snapshot, config),
    serviceMonitorPlan(snapshot, config),
  ];
  const wanted = Object.assign({}, ...parts.map((part) => part.wanted)) as Record<string, string>;
  const steps = parts.flatMap((part) => part.steps);
  // A ServiceMonitor belongs to the Service, whose uid is known only once it is there.
  const again = steps.some((step) => step.kind === 'create' && step.target.kind === 'services');
  return planOf(snapshot, {
    steps,
    warnings: [...warnings, ...etcdWarnings(snapshot)],
    lookAgainMs: again && wantsMonitor(snapshot, config) ? 1 : undefined,
    memory: { ...snapshot.memory, wanted },
  });
}

const NONE: ObjectPlan = { steps: [], wanted: {} };

/** A namespace that is going takes its objects along. In namespace scope it cannot be seen, and the controller goes with it. */
function isGoing({ namespace, controllerDeployment }: MeshSnapshot): boolean {
  if (controllerDeployment !== undefined) return false;
  return namespace === undefined || namespace.body.metadata.deletionTimestamp !== undefined;
}

function removals({ services, typeConstraints, serviceMonitor, etcdCopy }: MeshSnapshot): readonly Step[] {
  return [
    ...planDeletions('serviceMonitors', present(serviceMonitor)),
    ...planDeletions('services', services),
    ...planDeletions('typeConstraints', present(typeConstraints).filter(isOurs)),
    ...planDeletions('etcdSecrets', present(etcdCopy).filter(isOurs)),
  ];
}

function present(live: Viewed | undefined): readonly Viewed[] {
  return live === undefined ? [] : [live];
}

/** These two are watched by name alone, and any controller may use a name. */
function isOurs({ body }: { readonly body: ReducedObject }): boolean {
  return body.metadata.labels?.['app.kubernetes.io/managed-by'] === MANAGED_BY;
}

/** Also for a namespace whose only runtimes serve one model each, as in the original; the cluster's count only if they are for many. */
function hasRuntimes({ runtimes }: MeshSnapshot): boolean {
  return runtimes.some(({ kind, multiModel }) => kind === 'ServingRuntime' || multiModel);
}

function typeConstraintsPlan(snapshot: MeshSnapshot, { restProxy }: MeshConfig): ObjectPlan {
  const { key, runtimes, typeConstraints, memory } = snapshot;
  if (!hasRuntimes(snapshot))
    return { ...NONE, steps: planDeletions('typeConstraints', present(typeConstraints).filter(isOurs)) };
  const serving = runtimes
    .filter(({ multiModel, disabled }) => multiModel && !disabled)
    .map(({ labels }) =>
      restProxy.enabled && labels.includes('pv:grpc-v2') ? { labels: [...new Set([...labels, 'pv:v2'])] } : { labels },
    );
  const target: ObjectRef = { kind: 'typeConstraints', namespace: key.namespace, name: TYPE_CONSTRAINTS_NAME };
  return planObject(memory, target, renderTypeConstraints(key.namespace, serving), typeConstraints);
}

/** The bytes are read and compared where the step is applied; when both revisions are as they were left, there is nothing to compare. */
function etcdCopyPlan(snapshot: MeshSnapshot): ObjectPlan {
  const { key, ownNamespace, etcdSecretName: name, etcdSource, etcdCopy, memory } = snapshot;
  if (key.namespace === ownNamespace) return NONE;
  if (!hasRuntimes(snapshot)) return { ...NONE, steps: planDeletions('etcdSecrets', present(etcdCopy).filter(isOurs)) };
  const { from, to } = memory.copied ?? {};
  if (etcdSource === undefined || (from === etcdSource && to !== undefined && to === etcdCopy?.revision)) return NONE;
  const at = (namespace: string): ObjectRef => ({ kind: 'etcdSecrets', namespace, name });
  return {
    ...NONE,
    steps: [{ kind: 'copySecret', from: at(ownNamespace), target: at(key.namespace), reason: 'Copied' }],
  };
}

function etcdWarnings({ etcdSource, ownNamespace, etcdSecretName }: MeshSnapshot): readonly Warning[] {
  if (etcdSource !== undefined) return [];
  const message = `Secret ${ownNamespace}/${etcdSecretName} does not exist: without it no pod of the mesh can start`;
  return [{ reason: 'EtcdSecretMissing', message }];
}

/** Exists under its present name only. A Service cannot change between headless and not: it is recreated. */
function servicePlan(snapshot: MeshSnapshot, config: MeshConfig): ObjectPlan {
  const { key, services, memory } = snapshot;
  const { inferenceServiceName: name, headlessService } = config;
  const object = renderService(key.namespace, serviceOwner(snapshot), config);
  const target: ObjectRef = { kind: 'services', namespace: key.namespace, name };
  const live = services.find(({ body }) => body.metadata.name === name);
  const others = planDeletions(
    'services',
    services.filter((service) => service !== live),
  );
  const planned = planObject(memory, target, object, live);
  const turned = live !== undefined && (live.body.spec?.['clusterIP'] === 'None') !== headlessService;
  if (!turned) return { ...planned, steps: [...planned.steps, ...others] };
  const recreation: readonly Step[] = [
    planDeletion(target, live),
    { kind: 'create', target, object, reason: 'Updated' },
  ];
  return { ...planned, steps: [...recreation, ...others] };
}

/** The Namespace, or in namespace scope the controller's own Deployment, where it has one. */
function serviceOwner({ key, namespace, controllerDeployment, live }: MeshSnapshot): OwnerReference | undefined {
  if (controllerDeployment === undefined) {
    const { uid = '' } = namespace?.body.metadata ?? {};
    return controllerReference({ apiVersion: 'v1', kind: 'Namespace', name: key.namespace, uid });
  }
  const { controllerUid: uid = '' } = live;
  if (uid === '') return undefined;
  return controllerReference({ apiVersion: 'apps/v1', kind: 'Deployment', name: controllerDeployment, uid });
}

function wantsMonitor({ serviceMonitorsComplete }: MeshSnapshot, { metrics }: MeshConfig): boolean {
  return serviceMonitorsComplete && metrics.enabled && !metrics.disablePrometheusOperatorSupport;
}

function serviceMonitorPlan(snapshot: MeshSnapshot, config: MeshConfig): ObjectPlan {
  const { key, services, serviceMonitor, memory } = snapshot;
  if (!wantsMonitor(snapshot, config))
    return { ...NONE, steps: planDeletions('serviceMonitors', present(serviceMonitor)) };
  const service = services.find(({ body }) => body.metadata.name === config.inferenceServiceName);
  if (service === undefined) return NONE;
  const target: ObjectRef = { kind: 'serviceMonitors', namespace: key.namespace, name: SERVICE_MONITOR_NAME };
  return planObject(memory, target, renderServiceMonitor(key.namespace, service, config), serviceMonitor);
}

/** The controller's own namespace speaks for the configuration. */
function configurationWarnings({ configMap }: MeshSnapshot): readonly Warning[] {
  const { problems, warnings } = configMap ?? { problems: [], warnings: [] };
  const wrong = problems.map((problem) => `${problem} (the last good configuration stays in force)`);
  return [
    ...wrong.map((message): Warning => ({ about: 'config', reason: 'InvalidConfiguration', message })),
    ...warnings.map((message): Warning => ({ about: 'config', reason: 'ConfigurationWarning', message })),
  ];
}
