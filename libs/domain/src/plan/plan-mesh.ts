import { renderService } from '../render/service.ts';
import { configOf, type MeshSnapshot } from '../snapshot.ts';
import { planDeletion, planObject } from './plan-object.ts';
import { NOTHING_TO_DO, type ObjectRef, type Plan } from './step.ts';

/** The inference Service of a namespace: there while the namespace is enabled, and only under its present name. */
export function planMesh(snapshot: MeshSnapshot): Plan {
  const { key, namespace, namespaceEnabled, services, servicesComplete } = snapshot;
  const config = configOf(snapshot);
  if (namespaceEnabled === undefined || !servicesComplete || config === undefined) return NOTHING_TO_DO;
  // A namespace that is going takes its objects along.
  if (namespace?.body.metadata.deletionTimestamp !== undefined || namespace === undefined) return NOTHING_TO_DO;
  const refTo = (name: string): ObjectRef => ({ kind: 'services', namespace: key.namespace, name });
  const unwanted = services.filter(
    ({ body }) => !namespaceEnabled || body.metadata.name !== config.inferenceServiceName,
  );
  const deletions = unwanted.map((service) => planDeletion(refTo(service.body.metadata.name), service));
  if (!namespaceEnabled) return { steps: deletions, obstacle: undefined };
  const wanted = renderService(key.namespace, namespace.body.metadata.uid ?? '', config);
  const live = services.find(({ body }) => body.metadata.name === config.inferenceServiceName);
  return {
    steps: [...deletions, ...planObject(refTo(config.inferenceServiceName), wanted, live)],
    obstacle: undefined,
  };
}
