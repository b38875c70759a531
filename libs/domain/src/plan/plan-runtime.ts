import { deploymentName, renderRuntimeDeployment } from '../render/runtime-deployment.ts';
import { configOf, type RuntimeSnapshot } from '../snapshot.ts';
import { planDeletion, planObject } from './plan-object.ts';
import { NOTHING_TO_DO, type ObjectRef, type Plan } from './step.ts';

/** A runtime's Deployment: there while the runtime is multi-model, not disabled, and its namespace enabled. */
export function planRuntime(snapshot: RuntimeSnapshot): Plan {
  const { key, runtime, runtimesComplete, namespaceEnabled, deployments, deploymentsComplete } = snapshot;
  const config = configOf(snapshot);
  if (!runtimesComplete || !deploymentsComplete || namespaceEnabled === undefined || config === undefined)
    return NOTHING_TO_DO;
  const refTo = (name: string): ObjectRef => ({ kind: 'deployments', namespace: key.namespace, name });
  const spec = runtime?.body.spec ?? {};
  const isWanted = namespaceEnabled && spec['multiModel'] === true && spec['disabled'] !== true;
  const name = deploymentName(key.name, config);
  const unwanted = deployments.filter(
    ({ body }) => body.metadata.deletionTimestamp === undefined && !(isWanted && body.metadata.name === name),
  );
  // Without the runtime itself the garbage collector removes what it owned.
  const deletions =
    runtime === undefined ? [] : unwanted.map((live) => planDeletion(refTo(live.body.metadata.name), live));
  if (!isWanted || runtime === undefined) return { steps: deletions, obstacle: undefined };
  const rendered = renderRuntimeDeployment(key.namespace, runtime, config);
  if (rendered.kind === 'invalid')
    return { steps: [], obstacle: { reason: 'InvalidRuntime', message: rendered.message } };
  const live = deployments.find(({ body }) => body.metadata.name === name);
  return { steps: [...deletions, ...planObject(refTo(name), rendered.object, live)], obstacle: undefined };
}
