import type { MeshConfig } from '../config/mesh-config.ts';
import { renderAutoscaler } from '../render/autoscaler.ts';
import { deploymentObject } from '../render/deployment.ts';
import { renderRuntime, type RenderedRuntime } from '../render/render-runtime.ts';
import { configOf, type RuntimeSnapshot, type Viewed } from '../snapshot/snapshot.ts';
import { autoscalerProblem, readAutoscaling, type Autoscaling } from '../validation/autoscaling.ts';
import { isMultiModel } from '../validation/runtime-spec.ts';
import { chooseTemplate } from './choose-template.ts';
import { planDeletions, planObject, type ObjectPlan } from './plan-object.ts';
import { liveReplicas, planReplicas, type Replicas } from './plan-replicas.ts';
import { planOf, type Plan, type Warning } from './step.ts';
import type { Obstacle } from '../reasons/obstacle.ts';
import type { ObjectRef } from '../objects/object-ref.ts';

/** Objects that are not watched are read again after this time. */
const LOOK_AGAIN_MS = 10_000;

/** A runtime's Deployment and autoscaler: there while the runtime is multi-model, not disabled, and its namespace enabled. */
export function planRuntime(snapshot: RuntimeSnapshot, now: number): Plan {
  const { runtime, complete, namespaceEnabled, deployments, autoscalers } = snapshot;
  const config = configOf(snapshot);
  if (!complete || namespaceEnabled === undefined || config === undefined) return planOf(snapshot);
  // Without the runtime itself the garbage collector removes what it owned.
  if (runtime === undefined) return planOf(snapshot, { memory: {} });
  const spec = runtime.body.spec ?? {};
  // First of all, so that an ordinary runtime of KServe, or a disabled one, needs to meet none of our rules.
  if (!namespaceEnabled || !isMultiModel(spec) || spec['disabled'] === true) {
    const steps = [
      ...planDeletions('horizontalPodAutoscalers', autoscalers),
      ...planDeletions('deployments', deployments),
    ];
    return planOf(snapshot, { steps, memory: {} });
  }
  const rendered = renderRuntime(snapshot, config);
  if (rendered.kind === 'invalid')
    return planOf(snapshot, { obstacle: { reason: 'InvalidRuntime', message: rendered.message } });
  const missing = missingObject(snapshot, config);
  if (missing !== undefined) return planOf(snapshot, { obstacle: missing, lookAgainMs: LOOK_AGAIN_MS });
  return planServing(snapshot, config, rendered, now);
}

/** What a runtime names and its namespace lacks. The texts are the original's, since people search for them. */
function missingObject({ key, runtime, live }: RuntimeSnapshot, { tls }: MeshConfig): Obstacle | undefined {
  if (live.tlsSecret === 'missing') {
    const message = `unable to access TLS secret '${tls.secretName}': it does not exist in namespace ${key.namespace}`;
    return { reason: 'TlsSecretMissing', message };
  }
  if (live.productConfig !== false) return undefined;
  const name = runtime?.body.metadata.annotations?.['productConfig'];
  const message = `Unable to access ConfigMap '${name}': it does not exist in namespace ${key.namespace}`;
  return { reason: 'ProductConfigMissing', message };
}

function planServing(snapshot: RuntimeSnapshot, config: MeshConfig, rendered: RenderedRuntime, now: number): Plan {
  const { deployments, autoscalers, memory, key } = snapshot;
  const { frame, spec, meshLabels, pinned, templateAt } = rendered;
  const named = (objects: readonly Viewed[]): Viewed | undefined =>
    objects.find(({ body }) => body.metadata.name === frame.name);
  const live = named(deployments);
  const scaling = readAutoscaling(snapshot.runtime?.body.metadata.annotations);
  const replicas = planReplicas(snapshot, config, meshLabels, live, now, spec.replicas ?? undefined);
  const template = chooseTemplate(live, pinned, templateAt);
  const target: ObjectRef = { kind: 'deployments', namespace: key.namespace, name: frame.name };
  const deployment = planObject(
    memory,
    target,
    deploymentObject(frame, template, sizeOf(replicas, scaling, live)),
    live,
  );
  const autoscaler = planAutoscaler(snapshot, rendered, scaling, replicas, named(autoscalers));
  const others = (objects: readonly Viewed[]): readonly Viewed[] =>
    objects.filter((object) => object !== named(objects));
  return planOf(snapshot, {
    steps: [
      ...deployment.steps,
      ...autoscaler.steps,
      ...planDeletions('horizontalPodAutoscalers', others(autoscalers)),
      ...planDeletions('deployments', others(deployments)),
    ],
    warnings: scalingWarnings(snapshot, scaling),
    lookAgainMs: replicas.graceLeftMs ?? (asksLive(snapshot) ? LIVE_AGAIN_MS : undefined),
    memory: {
      ...memory,
      ...(replicas.emptySince === undefined ? { emptySince: undefined } : { emptySince: replicas.emptySince }),
      wanted: { ...deployment.wanted, ...autoscaler.wanted },
    },
  });
}

/** A Secret with certificates may get or lose its `ca.crt` at any time, and is not watched. */
const LIVE_AGAIN_MS = 10 * 60_000;

function asksLive({ live }: RuntimeSnapshot): boolean {
  return Object.keys(live).length > 0;
}

/** An autoscaler's count is left alone once there are pods; it cannot start from none. */
function sizeOf({ base }: Replicas, scaling: Autoscaling, live: Viewed | undefined): number {
  if (scaling.class === 'none' || base === 0) return base;
  return liveReplicas(live) || scaling.min;
}

function planAutoscaler(
  snapshot: RuntimeSnapshot,
  { frame }: RenderedRuntime,
  scaling: Autoscaling,
  { base }: Replicas,
  live: Viewed | undefined,
): ObjectPlan {
  const { runtime, memory, key } = snapshot;
  if (scaling.class === 'none' || base === 0 || runtime === undefined)
    return { steps: planDeletions('horizontalPodAutoscalers', live === undefined ? [] : [live]), wanted: {} };
  const target: ObjectRef = { kind: 'horizontalPodAutoscalers', namespace: key.namespace, name: frame.name };
  return planObject(memory, target, renderAutoscaler(frame, runtime.body.metadata, scaling), live);
}

function scalingWarnings({ runtime }: RuntimeSnapshot, { unknownClass }: Autoscaling): readonly Warning[] {
  const { annotations, name } = runtime?.body.metadata ?? { annotations: {}, name: '' };
  if (unknownClass !== undefined) {
    const message = `annotation serving.kserve.io/autoscalerClass: ${unknownClass} is not a class that ${name} can be scaled by; give hpa or none`;
    return [{ reason: 'InvalidAutoscaling', message }];
  }
  const problem = autoscalerProblem(annotations, runtime?.body.spec ?? {});
  return problem === undefined
    ? []
    : [{ reason: 'InvalidAutoscaling', message: `${problem.trim()} The default is used instead.` }];
}
