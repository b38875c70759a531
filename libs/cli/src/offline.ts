import {
  ENABLED_LABEL,
  KINDS,
  MemoryView,
  toChange,
  watchedKinds,
  type KindName,
  type KubeObject,
  type LiveAnswers,
  type LiveQuestion,
} from '@meshkeeper/domain';
import { decoded } from '@meshkeeper/kubernetes';
import { isNamed, watchedSecrets, type Given, type Input, type Names } from './input.ts';
import type { Report } from './problems.ts';

export type OfflineOptions = Names & {
  /** Enabled even if its object says otherwise. */
  readonly namespace: string | undefined;
  /** Whether the models of the files are all there are, so that a runtime that none of them needs gets no pods. */
  readonly allModels: boolean;
};

const SERVING: readonly KindName[] = ['servingRuntimes', 'inferenceServices', 'predictors'];

/** Where objects of files live that name no namespace: where all others of them do, else with the controller. */
export function commonNamespace(objects: readonly KubeObject[], ownNamespace: string): string {
  const kinds = SERVING.map((kind): string => KINDS[kind].kind);
  const named = objects
    .filter(({ kind = '' }) => kinds.includes(kind))
    .flatMap(({ metadata }) => metadata.namespace ?? []);
  const [only, ...others] = new Set(named);
  return only !== undefined && others.length === 0 ? only : ownNamespace;
}

/** A cluster that holds these objects, and what they need beside: namespaces, and the Secret that says where etcd is. */
export function offlineView(input: Input, options: OfflineOptions): MemoryView {
  const view = new MemoryView();
  const seen = watchedKinds(options.namespaceScope === true);
  const all: readonly Given[] = [
    { kind: 'etcdSecrets', object: named(options.etcdSecretName, options.ownNamespace) },
    ...namespacesOf(input, options),
    ...input.objects.filter(({ kind }) => kind !== 'namespaces'),
    ...watchedSecrets(input.secrets, options),
    ...(input.config === undefined ? [] : [{ kind: 'config', object: input.config } as const]),
  ];
  for (const { kind, object } of all.filter((each) => seen.includes(each.kind)))
    view.record(KINDS[kind].source, [toChange(kind, decoded(kind, object), options)]);
  const models: readonly KindName[] = ['inferenceServices', 'predictors'];
  for (const kind of seen) if (options.allModels || !models.includes(kind)) view.complete(KINDS[kind].source);
  return view;
}

/** The namespaces of the files, those in which the files' objects are served, and the requested one. */
function namespacesOf({ objects }: Input, { namespace, ownNamespace }: OfflineOptions): readonly Given[] {
  const given = objects.filter(({ kind }) => kind === 'namespaces');
  const implied = objects
    .filter(({ kind }) => SERVING.includes(kind))
    .flatMap(({ object }) => object.metadata.namespace ?? []);
  const wanted = new Set(namespace === undefined ? implied : [...implied, namespace]);
  if (wanted.size === 0 && given.length === 0) wanted.add(ownNamespace);
  const missing = [...wanted].filter((name) => !given.some(({ object }) => object.metadata.name === name));
  return [
    ...given.map(({ object }): Given => ({
      kind: 'namespaces',
      object: object.metadata.name === namespace ? enabled(object) : object,
    })),
    ...missing.map((name): Given => ({ kind: 'namespaces', object: enabled(named(name)) })),
  ];
}

function enabled(object: KubeObject): KubeObject {
  const labels = { ...object.metadata.labels, [ENABLED_LABEL]: 'true' };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function named(name: string, namespace?: string): KubeObject {
  return { metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** Secrets are seldom in files, so a missing one is assumed to be in the cluster. */
export function lookInFiles({ secrets }: Input, report: Report): (question: LiveQuestion) => Promise<LiveAnswers> {
  return async ({ ask, namespace, name }) => {
    if (ask === 'hasConfigMap') return { productConfig: true };
    if (ask === 'deploymentUid') return {};
    const secret = secrets.findLast(isNamed(namespace, name));
    if (secret !== undefined) return { tlsSecret: Object.keys(secret['data'] as object) };
    report('warning', `Secret ${namespace}/${name} is not among the files; it is taken to be there, without ca.crt`);
    return {};
  };
}
