import {
  CallError,
  KINDS,
  type ObjectRef,
  type Reason,
  type Snapshot,
  type Step,
  type VModelStatusInfo,
  type WorkKey,
} from '@meshkeeper/domain';
import { checkDeletionAllowed } from './check-deletion-allowed.ts';
import { kubeEffect, readBackVModel, unknownVModelEffect, type EffectResult, type Write } from './effects.ts';
import { meshTarget, serviceOf } from './mesh-target.ts';
import type { Ports } from './ports.ts';

export type ExecutorInput = {
  readonly key: WorkKey;
  readonly snapshot: Snapshot;
  /** Aborts when the run may no longer write. */
  readonly signal: AbortSignal;
};

export type Reply = {
  /** Status of the VModel, from the calls that return one. */
  readonly status?: VModelStatusInfo | undefined;
  /** Revisions of source and target that a `copySecret` found or made equal. */
  readonly copied?: { readonly from: string; readonly to: string };
  /** State after the write; undefined when nothing had to be written. */
  readonly effect?: EffectResult | undefined;
};

/** Everything that depends on the kind of a step. */
export type Executor<S extends Step = Step> = {
  /** Name of the write in the log and the metrics; undefined for a step that only reads. */
  describe(step: S): Write | undefined;
  /** @throws CallError when the call fails, whether or not it took effect */
  send(ports: Ports, input: ExecutorInput, step: S): Promise<Reply>;
  /** The object that a failed write may have changed, in a state that is not known. */
  unknownEffect(ports: Ports, input: ExecutorInput, step: S, outcome: string): EffectResult;
};

type ObjectStep = Extract<Step, { readonly target: ObjectRef }>;

const describeObjectWrite = (step: ObjectStep): Write => {
  const { kind, namespace, name } = step.target;
  const { plural } = KINDS[kind];
  return { what: `${step.kind} ${plural} ${namespace}/${name}`, kind: plural, reason: step.reason };
};

const describeVModelWrite = (what: string, reason: Reason): Write => ({ what, kind: 'vmodels', reason });

const objectStep = {
  describe: describeObjectWrite,
  unknownEffect: (ports: Ports, _input: ExecutorInput, step: ObjectStep, outcome: string) =>
    kubeEffect(ports, step.target, outcome, undefined),
};

/** One entry per kind of step. */
export const EXECUTORS: { readonly [K in Step['kind']]: Executor<Extract<Step, { readonly kind: K }>> } = {
  create: {
    ...objectStep,
    async send(ports, { signal }, { target, object }) {
      return { effect: kubeEffect(ports, target, 'ok', await ports.kube.create(target, object, signal)) };
    },
  },
  apply: {
    ...objectStep,
    async send(ports, { signal }, { target, object, seen }) {
      return { effect: kubeEffect(ports, target, 'ok', await ports.kube.apply(target, object, seen, signal)) };
    },
  },
  delete: {
    ...objectStep,
    async send(ports, { signal }, { target, uid, resourceVersion }) {
      const deleted = await ports.kube.delete(target, uid, resourceVersion, signal);
      return { effect: kubeEffect(ports, target, 'ok', deleted) };
    },
  },
  copySecret: {
    ...objectStep,
    async send(ports, _input, step) {
      const { from, to, written, object } = await ports.secrets.copy(step.from, step.target);
      const effect = written ? kubeEffect(ports, step.target, `ok: ${from} is now ${to}`, object) : undefined;
      return { copied: { from, to }, effect };
    },
  },
  requireUnwanted: {
    ...objectStep,
    describe: () => undefined,
    async send(ports, _input, { target }) {
      await checkDeletionAllowed(ports, target);
      return {};
    },
  },
  setVModel: {
    describe: ({ request, reason }) =>
      describeVModelWrite(`setVModel ${request.vModelId} to ${request.targetModelId}`, reason),
    async send(ports, input, { request }) {
      const status = await ports.mesh.setVModel(meshTarget(input.snapshot), request);
      const effect = await readBack(ports, input, request.vModelId);
      if (effect.change.op === 'absent') throw notRegistered(request.vModelId);
      return { status, effect };
    },
    unknownEffect: (_ports, { key }, { request }, outcome) =>
      unknownVModelEffect(key.namespace, request.vModelId, outcome),
  },
  deleteVModel: {
    describe: ({ ref, reason }) => describeVModelWrite(`deleteVModel ${ref.vModelId}`, reason),
    async send(ports, input, { ref }) {
      await ports.mesh.deleteVModel(meshTarget(input.snapshot), ref);
      return { effect: await readBack(ports, input, ref.vModelId) };
    },
    unknownEffect: (_ports, { key }, { ref }, outcome) => unknownVModelEffect(key.namespace, ref.vModelId, outcome),
  },
  getVModelStatus: {
    describe: () => undefined,
    async send(ports, { snapshot }, { ref }) {
      return { status: await ports.mesh.getVModelStatus(meshTarget(snapshot), ref) };
    },
    unknownEffect: (_ports, { key }, { ref }, outcome) => unknownVModelEffect(key.namespace, ref.vModelId, outcome),
  },
};

/** A mesh whose etcd was emptied or restored may answer from memory; without the record no later change would wake this key. */
function notRegistered(vModelId: string): CallError {
  const message = `The mesh calls VModel ${vModelId} registered, but etcd has no record of it`;
  return new CallError('Transient', message, { code: 'NotRegistered' });
}

function readBack(ports: Ports, { key, snapshot }: ExecutorInput, vModelId: string): Promise<EffectResult> {
  return readBackVModel(ports, serviceOf(snapshot), key.namespace, vModelId);
}
