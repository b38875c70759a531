import { CONFIG_MAP_NAME, KINDS, type KindName, type KubeObject, type SnapshotContext } from '@meshkeeper/domain';
import type { Report } from './problems.ts';

/** An object as a user gives it, of a kind that plans read. */
export type Given = { readonly kind: KindName; readonly object: KubeObject };

/** The objects of some files, each in its namespace. */
export type Input = {
  readonly config: KubeObject | undefined;
  readonly objects: readonly Given[];
  /** With all their data, of which plans see next to nothing. */
  readonly secrets: readonly KubeObject[];
  readonly configMaps: readonly KubeObject[];
};

/** How the controller is installed, with what its configuration names. */
export type Names = SnapshotContext & { readonly storageSecretName: string };

const USERS_KINDS = [
  'namespaces',
  'inferenceServices',
  'predictors',
  'servingRuntimes',
  'clusterServingRuntimes',
  'persistentVolumeClaims',
] as const satisfies readonly KindName[];

/** Sorts objects by what plans make of them; the rest is left aside, each kind with a note. A later object of a name goes before an earlier. */
export function sortInput(
  objects: readonly KubeObject[],
  { ownNamespace, namespace }: { readonly ownNamespace: string; readonly namespace: string },
  report: Report,
): Input {
  const placed = objects.map((object) => inPlace(object, namespace, ownNamespace));
  const ofKind = (kind: string): readonly KubeObject[] =>
    placed.filter((object) => object.apiVersion === 'v1' && object.kind === kind);
  const isConfig = ({ metadata }: KubeObject): boolean =>
    metadata.name === CONFIG_MAP_NAME && metadata.namespace === ownNamespace;
  const given = placed.flatMap((object): Given[] => {
    const kind = kindOf(object);
    return kind === undefined ? [] : [{ kind, object }];
  });
  noteIgnored(placed, ownNamespace, report);
  return {
    config: ofKind('ConfigMap').findLast(isConfig),
    objects: given,
    secrets: ofKind('Secret').map(withData),
    configMaps: ofKind('ConfigMap'),
  };
}

/** The Secrets of a source: those whose names are watched. */
export function watchedSecrets(secrets: readonly KubeObject[], names: Names): readonly Given[] {
  return secrets.flatMap((object): Given[] => {
    const { name } = object.metadata;
    if (name === names.etcdSecretName) return [{ kind: 'etcdSecrets', object }];
    return name === names.storageSecretName ? [{ kind: 'storageSecrets', object }] : [];
  });
}

/** Objects of the cluster have no namespace. */
export function isNamed(namespace: string | undefined, name: string): (object: KubeObject) => boolean {
  return ({ metadata }) => metadata.namespace === namespace && metadata.name === name;
}

function kindOf({ apiVersion, kind }: KubeObject): (typeof USERS_KINDS)[number] | undefined {
  return USERS_KINDS.find((each) => KINDS[each].kind === kind && KINDS[each].apiVersion === apiVersion);
}

/** The configuration counts in one namespace alone, so that one without a namespace can only mean that. */
function inPlace(object: KubeObject, namespace: string, ownNamespace: string): KubeObject {
  const { namespace: own, ...metadata } = object.metadata;
  const kind = kindOf(object);
  if (kind !== undefined && !KINDS[kind].namespaced) return { ...object, metadata };
  const isConfig = object.kind === 'ConfigMap' && metadata.name === CONFIG_MAP_NAME;
  return { ...object, metadata: { ...metadata, namespace: own ?? (isConfig ? ownNamespace : namespace) } };
}

/** `stringData` is what a user writes and the server stores under `data`. */
function withData({ stringData, ...object }: KubeObject): KubeObject {
  const encoded = Object.entries((stringData ?? {}) as Readonly<Record<string, unknown>>).map(
    ([key, value]) => [key, Buffer.from(String(value)).toString('base64')] as const,
  );
  return { ...object, data: { ...(object['data'] as object | undefined), ...Object.fromEntries(encoded) } };
}

function noteIgnored(objects: readonly KubeObject[], ownNamespace: string, report: Report): void {
  const isUsed = (object: KubeObject): boolean =>
    kindOf(object) !== undefined || (object.apiVersion === 'v1' && ['ConfigMap', 'Secret'].includes(object.kind ?? ''));
  const ignored = objects.filter((object) => !isUsed(object)).map(({ apiVersion, kind }) => `${kind} (${apiVersion})`);
  for (const kind of new Set(ignored)) report('note', `objects of kind ${kind} are ignored`);
  const elsewhere = objects.filter(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' && metadata.name === CONFIG_MAP_NAME && metadata.namespace !== ownNamespace,
  );
  for (const { metadata } of elsewhere)
    report(
      'note',
      `ConfigMap ${metadata.namespace}/${metadata.name} is ignored: the configuration is that of namespace ${ownNamespace} (--own-namespace)`,
    );
}
