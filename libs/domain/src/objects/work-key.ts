/** Which kind of object a VModel belongs to: `isvc` an InferenceService, `ksp` a Predictor. */
export type Owner = 'isvc' | 'ksp';
export const OWNERS: readonly Owner[] = ['isvc', 'ksp'];

export type MeshKey = { readonly kind: 'mesh'; readonly namespace: string };
export type RuntimeKey = { readonly kind: 'runtime'; readonly namespace: string; readonly name: string };
export type PredictorKey = {
  readonly kind: 'predictor';
  readonly namespace: string;
  readonly owner: Owner;
  readonly name: string;
};

/** What one run is about. The queue carries its text and nothing else. */
export type WorkKey = MeshKey | RuntimeKey | PredictorKey;

/** `mesh/team-a`, `runtime/team-a/triton-2.x`, `predictor/team-a/isvc/digits`. No Kubernetes name holds a slash. */
export function formatKey(key: WorkKey): string {
  switch (key.kind) {
    case 'mesh':
      return `mesh/${key.namespace}`;
    case 'runtime':
      return `runtime/${key.namespace}/${key.name}`;
    case 'predictor':
      return `predictor/${key.namespace}/${key.owner}/${key.name}`;
  }
}

/** The reverse of `formatKey`; undefined for any other text. */
export function parseKey(text: string): WorkKey | undefined {
  const [kind, namespace = '', third = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || rest.length > 0) return undefined;
  if (kind === 'mesh' && third === '') return { kind, namespace };
  if (kind === 'runtime' && third !== '' && name === '') return { kind, namespace, name: third };
  const owner = OWNERS.find((known) => known === third);
  if (kind === 'predictor' && owner !== undefined && name !== '') return { kind, namespace, owner, name };
  return undefined;
}
