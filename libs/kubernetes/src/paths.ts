import { KINDS, type Kind, type ObjectRef } from '@meshkeeper/domain';

/** `/apis/apps/v1/namespaces/team-a/deployments`; all namespaces when none is given. */
export function collectionPath(kind: Pick<Kind, 'apiVersion' | 'plural'>, namespace: string): string {
  const root = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const scope = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${kind.plural}`;
}

export function objectPath({ kind, namespace, name }: ObjectRef): string {
  return `${collectionPath(KINDS[kind], namespace)}/${encodeURIComponent(name)}`;
}
