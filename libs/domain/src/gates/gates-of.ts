import { wantedOf } from '../snapshot/wanted-model.ts';
import { asObject } from '../objects/reduce.ts';
import type { Registration } from '../registration/predictor-spec.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { GATES, open, passed, unknown, type Finding, type Gate, type GateName } from './gate.ts';
import { copiesOf, loadedGate, loadingGate, podsGate, registeredGate, stateOf } from './mesh-gates.ts';
import { runtimeGate, servingRuntimes } from './runtime-gate.ts';
import type { SeenModel } from './seen-model.ts';
import { storageGate } from './storage-gate.ts';
import type { Asked } from './why-not.ts';

/**
 * Why a model is not ready: what has to be so before it is served, in order. Each gate is looked at alone, so that opening one never
 * closes an earlier one; behind the first open one nothing is judged. Pure and total: whatever an object holds, it has its gates.
 */
export function gatesOf(snapshot: PredictorSnapshot, seen: SeenModel): readonly Gate[] {
  const findings = findingsOf(snapshot, seen);
  let isBlocked = false;
  return GATES.map((name): Gate => {
    if (isBlocked) return { name, state: 'waiting', message: 'Waits for the gates before it' };
    const finding = findings[name]();
    isBlocked = finding.state === 'open';
    return { name, ...finding };
  });
}

/** The first thing to fix; undefined when nothing is known to block the model. */
export function firstOpen(gates: readonly Gate[]): Gate | undefined {
  return gates.find(({ state }) => state === 'open');
}

function findingsOf(snapshot: PredictorSnapshot, seen: SeenModel): Readonly<Record<GateName, () => Finding>> {
  const model = registrationOf(snapshot);
  const asked = model && askedOf(model);
  const serving = () => asked && servingRuntimes(snapshot, asked);
  /** Only asked of where the object is known to be a model. */
  const ofModel = (judge: (model: Registration, asked: Asked) => Finding) => (): Finding =>
    model === undefined || asked === undefined ? unknown('The object is not known') : judge(model, asked);
  return {
    object: () => objectGate(snapshot),
    namespace: () => namespaceGate(snapshot),
    runtime: ofModel((_, wanted) => runtimeGate(snapshot, wanted)),
    storage: ofModel(({ modelInfo, targetModelId }) => {
      const finding = storageGate(snapshot, modelInfo.key, serving());
      const isLoaded = stateOf(snapshot, targetModelId, seen) === 'Loaded';
      // What is in memory needs its storage no more; the next load will.
      return finding.state === 'open' && isLoaded && copiesOf(snapshot, targetModelId).length > 0
        ? passed(`It is loaded, but would not load again: ${finding.message}`)
        : finding;
    }),
    pods: ofModel(() => podsGate(snapshot, serving())),
    registered: ofModel(({ targetModelId }) => registeredGate(snapshot, targetModelId)),
    loading: ofModel(({ targetModelId }) => loadingGate(snapshot, targetModelId, seen)),
    loaded: ofModel(({ targetModelId }) => loadedGate(snapshot, targetModelId, seen)),
  };
}

function registrationOf(snapshot: PredictorSnapshot): Registration | undefined {
  const wanted = snapshot.object && wantedOf(snapshot, snapshot.object);
  return wanted?.kind === 'model' ? wanted.registration : undefined;
}

function askedOf({ modelInfo }: Registration): Asked {
  const { name, version } = asObject(asObject(JSON.parse(modelInfo.key))['model_type']);
  return {
    label: modelInfo.type,
    format: typeof name === 'string' ? name : '',
    version: typeof version === 'string' ? version : undefined,
  };
}

function objectGate(snapshot: PredictorSnapshot): Finding {
  const { object, objectsComplete, key } = snapshot;
  const kind = key.owner === 'isvc' ? 'InferenceService' : 'Predictor';
  if (object === undefined) {
    return objectsComplete
      ? open('NoSuchObject', `There is no ${kind} ${key.name} in namespace ${key.namespace}`)
      : unknown(`The objects of kind ${kind} are not all listed yet`);
  }
  const wanted = wantedOf(snapshot, object);
  if (wanted.kind === 'invalid') return open('InvalidPredictorSpec', wanted.message);
  if (wanted.kind === 'model') return passed('The object is valid');
  const message = 'Its annotation serving.kserve.io/deploymentMode is not ModelMesh, so that it is left to others';
  return open('NotForModelMesh', message);
}

function namespaceGate({ namespaceEnabled, key: { namespace } }: PredictorSnapshot): Finding {
  if (namespaceEnabled === undefined) return unknown('The namespaces are not all listed yet');
  return namespaceEnabled
    ? passed(`Namespace ${namespace} is enabled`)
    : open('NamespaceNotEnabled', `Namespace ${namespace} carries no label modelmesh-enabled=true`);
}
