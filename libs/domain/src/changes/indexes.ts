import type { ModelFacts } from './facts.ts';

/**
 * The indexes that the recording script keeps, each of members:
 * `namespaces` (the enabled ones), `runtimes:<namespace>` (names of ServingRuntimes), `clusterruntimes` (names),
 * `predictors` (`namespace/owner/name`), `predictors:<namespace>` (`owner/name`),
 * `vmodels:<namespace>` (`owner/name` of every VModel that may be an object's, also when the object is gone),
 * `endpoints:<namespace>` (`service host:port` of the mesh's ready pods, which plans read and which wake no key),
 * `wanted:<namespace>` (`type` or `type claim` of its models, encoded), `models:<namespace>:<type>` (`owner/name` of the models of a type),
 * `entry:<namespace>:<entry>` and `claim:<namespace>:<claim>` (`owner/name` of the models that name an entry of the storage Secret, or a
 * claim), `claimentries:<namespace>:<claim>` (patterns of the models whose entry lies on a claim),
 * `pods:<namespace>:<type>` (Deployments with ready pods that can hold it), and who can serve a type: `serving:<namespace>:<type>` and
 * `serving::<type>` (names of ServingRuntimes and of ClusterServingRuntimes).
 */

export function endpointsIndex(namespace: string): string {
  return `endpoints:${namespace}`;
}

export function wantedIndex(namespace: string): string {
  return `wanted:${namespace}`;
}

/** What a member of that index says. Names in it are a user's, and may hold anything. */
export function parseWanted(member: string): ModelFacts {
  const [label = '', claim] = member.split(' ').map(decodeURIComponent);
  return claim === undefined ? { label } : { label, claim };
}

/** Names of entries and claims are a user's, and may hold anything. */
export function entryIndex(namespace: string, entry: string): string {
  return `entry:${namespace}:${encodeURIComponent(entry)}`;
}

export function claimIndex(namespace: string, claim: string): string {
  return `claim:${namespace}:${encodeURIComponent(claim)}`;
}

export function claimEntriesIndex(namespace: string, claim: string): string {
  return `claimentries:${namespace}:${encodeURIComponent(claim)}`;
}
