import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { servedFormats, runtimeLabels } from '../objects/runtime-labels.ts';
import type { JsonObject } from '../objects/reduce.ts';
import type { GateName } from '../gates/gate.ts';
import { wantedOf } from '../snapshot/wanted-model.ts';
import type { SeenModel } from '../gates/seen-model.ts';
import { anInferenceService, aStorageSecret, NOW, viewed } from './builders.ts';

type SeenRuntime = NonNullable<PredictorSnapshot['runtimes']>[number];

export const NOTHING_SEEN: SeenModel = {
  ready: false,
  readyModelId: '',
  activeState: 'Pending',
  targetState: '',
  failureReason: '',
  failureMessage: '',
};

/** The facts of a runtime that serves `sklearn`, version 1 by default. */
export function aSeenRuntime(
  name: string,
  spec: JsonObject = {},
  kind: SeenRuntime['kind'] = 'ServingRuntime',
): SeenRuntime {
  const whole = {
    multiModel: true,
    supportedModelFormats: [{ name: 'sklearn', version: '1', autoSelect: true }],
    ...spec,
  };
  return {
    name,
    kind,
    multiModel: whole.multiModel,
    disabled: spec['disabled'] === true,
    labels: runtimeLabels(name, whole, false),
    ...servedFormats(whole),
    pulls: true,
  };
}

export type Situation = { readonly snapshot: PredictorSnapshot; readonly seen: SeenModel };

/** What opens each gate, whatever else is wrong. */
export const FIXES: Readonly<Record<GateName, (situation: Situation) => Situation>> = {
  object: ({ snapshot, seen }) => ({
    snapshot: { ...snapshot, object: viewed('inferenceServices', anInferenceService()) },
    seen,
  }),
  namespace: ({ snapshot, seen }) => ({ snapshot: { ...snapshot, namespaceEnabled: true }, seen }),
  runtime: ({ snapshot, seen }) => ({
    snapshot: { ...snapshot, runtimes: [...(snapshot.runtimes ?? []), aSeenRuntime('newcomer')] },
    seen,
  }),
  storage: ({ snapshot, seen }) => ({
    snapshot: {
      ...snapshot,
      storage: { secretName: 'storage-config', secret: aStorageSecret({ k: { type: 's3' } }), claims: [] },
    },
    seen,
  }),
  pods: ({ snapshot, seen }) => ({
    snapshot: { ...snapshot, podsKnown: true, hasNoReadyRuntime: false, endpoints: ['10.64.0.3:8033'] },
    seen,
  }),
  registered: ({ snapshot, seen }) => {
    const target = targetOf(snapshot);
    return {
      snapshot: { ...snapshot, meshComplete: true, vmodel: { owner: 'isvc', active: target, target, failed: false } },
      seen,
    };
  },
  loading: ({ snapshot, seen }) => ({
    snapshot: {
      ...snapshot,
      copies: { [targetOf(snapshot)]: [{ instance: '87f6fc-6rwf9', state: 'held', since: NOW, message: '' }] },
    },
    seen,
  }),
  loaded: ({ snapshot }) => ({
    snapshot: {
      ...snapshot,
      copies: { [targetOf(snapshot)]: [{ instance: '87f6fc-6rwf9', state: 'loaded', since: NOW, message: '' }] },
    },
    seen: { ...NOTHING_SEEN, activeState: 'Loaded', targetState: 'Loaded' },
  }),
};

export function targetOf(snapshot: PredictorSnapshot): string {
  const wanted = snapshot.object && wantedOf(snapshot, snapshot.object);
  return wanted?.kind === 'model' ? wanted.registration.targetModelId : '';
}
