import type { MeshConfig } from '../config/mesh-config.ts';
import type { JsonObject, KubeObject } from '../objects/reduce.ts';
import type { RuntimeSnapshot, Viewed } from '../snapshot/snapshot.ts';
import { aRuntime, aRuntimeSnapshot, CONFIG, NOW, stored, viewed } from './builders.ts';
import { plan } from '../plan/plan.ts';
import type { Plan, Step } from '../plan/step.ts';

export const configured = (more: Partial<MeshConfig>) => ({
  config: { kind: 'ok' as const, config: { ...CONFIG, ...more }, warnings: [] },
});
export const planOf = (more: Partial<RuntimeSnapshot> = {}, now = NOW): Plan => plan(aRuntimeSnapshot(more), now);
export const words = ({ steps }: Plan): readonly string[] =>
  steps.map((step) => ('target' in step ? `${step.kind} ${step.target.kind}` : step.kind));

export function runtime(
  spec: JsonObject = {},
  annotations: Readonly<Record<string, string>> = {},
): Pick<RuntimeSnapshot, 'runtime'> {
  const object = aRuntime(spec);
  const annotated = { ...object, metadata: { ...object.metadata, annotations } };
  return { runtime: { ...viewed('servingRuntimes', annotated), kind: 'ServingRuntime' } };
}

export function createdOf(plan: Plan, kind = 'deployments'): KubeObject {
  const step = plan.steps.find((candidate) => candidate.kind === 'create' && candidate.target.kind === kind);
  if (step?.kind !== 'create') throw new Error(`no ${kind} is created`);
  return step.object;
}

/** What the server keeps of what a plan creates, changed by `edit`. */
export function live(
  more: Partial<RuntimeSnapshot> = {},
  edit: (object: KubeObject) => KubeObject = (object) => object,
): Viewed {
  return viewed('deployments', stored(edit(createdOf(planOf(more)))));
}

export const withSpec =
  (spec: JsonObject) =>
  (object: KubeObject): KubeObject => ({
    ...object,
    spec: { ...(object['spec'] as JsonObject), ...spec },
  });
export const replicasOf = (planned: Plan): unknown => {
  const step = planned.steps.find(({ kind }) => kind === 'create' || kind === 'apply') as Extract<
    Step,
    { kind: 'create' }
  >;
  return step === undefined ? 'unchanged' : (step.object['spec'] as JsonObject)['replicas'];
};
