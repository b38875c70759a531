import {
  CallError,
  KINDS,
  type Gathered,
  type ObjectRef,
  type Outcome,
  type Snapshot,
  type Step,
  type VModelStatusInfo,
  type WorkKey,
} from '@meshkeeper/domain';
import type { RunContext } from '@meshkeeper/work-queue';
import { kubeEffect, logEffect, meshEffect, unknownMeshEffect, type EffectResult, type Write } from './effects.ts';
import { meshTarget, serviceOf } from './mesh-target.ts';
import { beforeDeletion } from './before-deletion.ts';
import type { Ports } from './ports.ts';

export type RunInput = { readonly key: WorkKey; readonly gathered: Gathered; readonly snapshot: Snapshot };

/** Sends the steps out one by one. A failure is a value: the report turns it into what users see. */
export async function applySteps(
  ports: Ports,
  context: RunContext,
  input: RunInput & { readonly steps: readonly Step[] },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of input.steps) {
    const outcome = await applyStep(ports, context, input, step);
    outcomes.push(outcome);
    if (outcome.kind === 'failed') break;
  }
  return outcomes;
}

async function applyStep(ports: Ports, context: RunContext, input: RunInput, step: Step): Promise<Outcome> {
  const write = writeOf(step);
  try {
    context.guard();
    const reply = await sendStep(ports, input, step);
    const effect = write && (await reply.effect());
    if (write !== undefined && effect !== undefined) {
      if (step.kind === 'setVModel' && effect.change.op === 'absent') throw notRegistered(step.request.vModelId);
      ports.writes.wrote(write.kind, write.reason);
      await logEffect(ports, context, input.gathered, write, effect);
    }
    return { kind: 'done', step, reply: reply.status, ...(reply.copied && { copied: reply.copied }) };
  } catch (error) {
    const failure = toCallError(error);
    if (write !== undefined) {
      ports.writes.failed(write.kind, write.reason, failure.code ?? failure.kind);
      await logEffect(ports, context, input.gathered, write, failedEffect(ports, step, input.key.namespace, failure));
    }
    return { kind: 'failed', step, error: failure };
  }
}

/** A mesh whose etcd was emptied or restored may answer from what it still remembers, and nobody would ever be woken again. */
function notRegistered(vModelId: string): CallError {
  const message = `The mesh calls VModel ${vModelId} registered, but etcd has no record of it`;
  return new CallError('Transient', message, { code: 'NotRegistered' });
}

type Reply = {
  readonly status: VModelStatusInfo | undefined;
  readonly copied?: { readonly from: string; readonly to: string };
  /** Undefined when it turned out that nothing was to be written. */
  readonly effect: () => Promise<EffectResult | undefined>;
};

async function sendStep(ports: Ports, { key, snapshot }: RunInput, step: Step): Promise<Reply> {
  const { kube, mesh } = ports;
  const kubeReply = (ref: ObjectRef, object: Parameters<typeof kubeEffect>[3]): Reply => ({
    status: undefined,
    effect: async () => kubeEffect(ports, ref, 'ok', object),
  });
  const meshReply = (vModelId: string, status: VModelStatusInfo | undefined): Reply => ({
    status,
    effect: () => meshEffect(ports, serviceOf(snapshot), key.namespace, vModelId, 'ok'),
  });
  switch (step.kind) {
    case 'create':
      return kubeReply(step.target, await kube.create(step.target, step.object));
    case 'apply':
      return kubeReply(step.target, await kube.apply(step.target, step.object, step.seen));
    case 'delete':
      return kubeReply(step.target, await kube.delete(step.target, step.uid, step.resourceVersion));
    case 'copySecret':
      return copySecret(ports, step.from, step.target);
    case 'requireUnwanted':
      await beforeDeletion(ports, step.target);
      return kubeReply(step.target, undefined);
    case 'setVModel':
      return meshReply(step.request.vModelId, await mesh.setVModel(meshTarget(snapshot), step.request));
    case 'deleteVModel':
      await mesh.deleteVModel(meshTarget(snapshot), step.ref);
      return meshReply(step.ref.vModelId, undefined);
    case 'askVModel':
      return meshReply(step.ref.vModelId, await mesh.getVModelStatus(meshTarget(snapshot), step.ref));
  }
}

async function copySecret(ports: Ports, source: ObjectRef, target: ObjectRef): Promise<Reply> {
  const { from, to, written, object } = await ports.secrets.copy(source, target);
  return {
    status: undefined,
    copied: { from, to },
    effect: async () => (written ? kubeEffect(ports, target, `ok: ${from} is now ${to}`, object) : undefined),
  };
}

/** How the log and the metrics name a step; undefined for a question, which writes nothing. */
function writeOf(step: Step): Write | undefined {
  switch (step.kind) {
    case 'create':
    case 'apply':
    case 'copySecret':
    case 'delete': {
      const { kind, namespace, name } = step.target;
      return {
        what: `${step.kind} ${KINDS[kind].plural} ${namespace}/${name}`,
        kind: KINDS[kind].plural,
        reason: step.reason,
      };
    }
    case 'setVModel':
      return {
        what: `setVModel ${step.request.vModelId} to ${step.request.targetModelId}`,
        kind: 'vmodels',
        reason: step.reason,
      };
    case 'deleteVModel':
      return { what: `deleteVModel ${step.ref.vModelId}`, kind: 'vmodels', reason: step.reason };
    case 'requireUnwanted':
    case 'askVModel':
      return undefined;
  }
}

/** What a failed write left behind is not known. */
function failedEffect(ports: Ports, step: Step, namespace: string, { code, kind, message }: CallError): EffectResult {
  const outcome = `${code ?? kind}: ${message}`;
  if ('target' in step) return kubeEffect(ports, step.target, outcome, undefined);
  const vModelId = step.kind === 'setVModel' ? step.request.vModelId : step.ref.vModelId;
  return unknownMeshEffect(namespace, vModelId, outcome);
}

function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  return new CallError('Transient', error instanceof Error ? error.message : String(error), { cause: error });
}
