import { configOf, type LiveAnswers, type RuntimeSnapshot, type Snapshot } from './snapshot.ts';
import { isMultiModel } from './validation/runtime-spec.ts';

/** What a plan needs to know of objects whose names are a user's, so that nobody watches them. */
export type LiveQuestion =
  | { readonly ask: 'secretKeys'; readonly namespace: string; readonly name: string }
  | { readonly ask: 'hasConfigMap'; readonly namespace: string; readonly name: string };

/** Asked before planning, and only for runtimes that will be served. Pure. */
export function liveQuestions(snapshot: Snapshot): readonly LiveQuestion[] {
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

export function withAnswers(snapshot: Snapshot, live: LiveAnswers): Snapshot {
  return isRuntime(snapshot) ? { ...snapshot, live } : snapshot;
}

function isRuntime(snapshot: Snapshot): snapshot is RuntimeSnapshot {
  return snapshot.key.kind === 'runtime';
}
