import {
  ENABLED_LABEL,
  reduce,
  wantedOfInferenceService,
  wantedOfPredictor,
  type ModelInfo,
  type Owner,
} from '@meshkeeper/domain';
import type { Given } from './input.ts';
import type { Report } from './problems.ts';
import { toYaml } from './yaml-text.ts';

/** What becomes of one model's object in the mesh: the answer, or why there is none, in the original controller's words. */
export type Registration = {
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
} & (
  | { readonly ignored: true }
  /** An InferenceService that makes no model. */
  | { readonly error: string }
  /** A Predictor that is refused: what is registered of it stays as it is. */
  | { readonly invalid: string }
  | { readonly targetModelId: string; readonly owner: Owner; readonly modelInfo: ModelInfo }
);

export function isModel({ kind }: Given): boolean {
  return kind === 'inferenceServices' || kind === 'predictors';
}

/** One for each model's object, in the order in which they are given, so that a whole cluster can be compared line by line. */
export function registrationsOf(objects: readonly Given[], report: Report): readonly Registration[] {
  const registrations = objects.filter(isModel).map(registrationOf);
  for (const each of registrations) sayRefusal(each, report);
  const disabled = objects.filter(isDisabled).map(({ object }) => object.metadata.name);
  for (const { object } of registrations.filter((each) => 'targetModelId' in each))
    if (disabled.includes(object.namespace))
      report('warning', `${object.kind} ${object.namespace}/${object.name} waits until its namespace is enabled`);
  return registrations;
}

/** The controller's own namespace carries no label and is enabled all the same, so that only another word counts. */
function isDisabled({ kind, object }: Given): boolean {
  const label = object.metadata.labels?.[ENABLED_LABEL];
  return kind === 'namespaces' && label !== undefined && label !== 'true';
}

function registrationOf({ kind, object: given }: Given): Registration {
  const isPredictor = kind === 'predictors';
  const { namespace = '', name } = given.metadata;
  const object = { kind: isPredictor ? 'Predictor' : 'InferenceService', namespace, name };
  const wanted = (isPredictor ? wantedOfPredictor : wantedOfInferenceService)(reduce(kind, given));
  switch (wanted.kind) {
    case 'ignored':
      return { object, ignored: true };
    case 'invalid':
      return isPredictor ? { object, invalid: wanted.message } : { object, error: wanted.message };
    case 'model': {
      const { targetModelId, owner, modelInfo } = wanted.registration;
      const { type, path, key } = modelInfo;
      return { object, targetModelId, owner, modelInfo: { type, path, key } };
    }
  }
}

/** Only a warning: that the controller refuses an object is an answer, not a failure to answer. */
function sayRefusal(registration: Registration, report: Report): void {
  const { kind, namespace, name } = registration.object;
  const refusal =
    'error' in registration ? registration.error : 'invalid' in registration ? registration.invalid : undefined;
  if (refusal !== undefined) report('warning', `${kind} ${namespace}/${name} is not registered: ${refusal}`);
}

/** One line each. */
export function registrationLines(registrations: readonly Registration[]): string {
  return registrations.map((each) => `${JSON.stringify(each)}\n`).join('');
}

export function registrationDocument(registration: Registration): string {
  return `# ${commentOf(registration)}\n${toYaml(registration)}`;
}

function commentOf(registration: Registration): string {
  if ('ignored' in registration) return 'Not registered in the mesh: its deployment mode is not ModelMesh.';
  return 'targetModelId' in registration
    ? 'No Kubernetes object: this is how the mesh knows the model.'
    : 'Not registered in the mesh: what is known of it there stays as it is.';
}
