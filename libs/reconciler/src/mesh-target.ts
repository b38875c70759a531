import { configOf, DEFAULT_CONFIG, type MeshTarget, type Snapshot } from '@meshkeeper/domain';

/** The name of the inference Service, which is part of every record's key. A wrong configuration never comes to a step. */
export function serviceOf(snapshot: Snapshot): string {
  return (configOf(snapshot) ?? DEFAULT_CONFIG).inferenceServiceName;
}

/** How the mesh of a snapshot's namespace is called, by the configuration that the plan saw. */
export function meshTarget(snapshot: Snapshot): MeshTarget {
  const { tls } = configOf(snapshot) ?? DEFAULT_CONFIG;
  return {
    endpoints: 'endpoints' in snapshot ? snapshot.endpoints : [],
    authority: `${serviceOf(snapshot)}.${snapshot.key.namespace}`,
    tlsSecretName: tls.secretName,
  };
}
