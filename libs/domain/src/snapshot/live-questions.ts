import { configOf, type LiveAnswers, type MeshSnapshot, type RuntimeSnapshot, type Snapshot } from './snapshot.ts';
import { isMultiModel } from '../validation/runtime-spec.ts';

/** What a plan needs to know of objects whose names users choose, and which are therefore not watched. */
export type LiveQuestion =
  | { readonly ask: 'secretKeys'; readonly namespace: string; readonly name: string }
  | { readonly ask: 'hasConfigMap'; readonly namespace: string; readonly name: string }
  | { readonly ask: 'deploymentUid'; readonly namespace: string; readonly name: string };

/** Asked before planning, and only where the plan depends on it. Pure. */
export function liveQuestions(snapshot: Snapshot): readonly LiveQuestion[] {
  if ('controllerDeployment' in snapshot) return ownerQuestion(snapshot);
  if (!isRuntime(snapshot)) return [];
  const { key, runtime, namespaceEnabled } = snapshot;
  const spec = runtime?.body.spec ?? {};
  if (namespaceEnabled !== true || !isMultiModel(spec) || spec['disabled'] === true) return [];
  const { namespace } = key;
  const secret = configOf(snapshot)?.tls.secretName ?? '';
  const configMap = runtime?.body.metadata.annotations?.['productConfig'] ?? '';
  return [
    ...(secret === '' ? [] : [{ ask: 'secretKeys', namespace, name: secret } as const]),
    ...(configMap === '' ? [] : [{ ask: 'hasConfigMap', namespace, name: configMap } as const]),
  ];
}

function ownerQuestion({ key, controllerDeployment = '' }: MeshSnapshot): readonly LiveQuestion[] {
  if (controllerDeployment === '') return [];
  return [{ ask: 'deploymentUid', namespace: key.namespace, name: controllerDeployment }];
}

export function withAnswers(snapshot: Snapshot, live: LiveAnswers): Snapshot {
  return 'live' in snapshot ? { ...snapshot, live } : snapshot;
}

function isRuntime(snapshot: Snapshot): snapshot is RuntimeSnapshot {
  return snapshot.key.kind === 'runtime';
}
