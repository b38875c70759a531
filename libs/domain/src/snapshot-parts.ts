import { readCopies, type Copy } from './copies.ts';
import type { ConfigFacts, RuntimeFacts } from './facts.ts';
import type { KindName } from './kinds.ts';
import type { Gathered, ViewedObject } from './ports/event-log.ts';
import type { StorageFacts } from './storage-facts.ts';

/** Whether a kind is listed whole, so that absence counts. */
export type IsComplete = (kind: KindName) => boolean;

export type NamedRuntime = RuntimeFacts & {
  readonly name: string;
  readonly kind: 'ServingRuntime' | 'ClusterServingRuntime';
};

/** What stands around a model, as far as its storage goes. */
export type StorageSeen = {
  readonly secretName: string;
  /** Undefined when there is none. */
  readonly secret: StorageFacts | undefined;
  readonly claims: readonly string[];
};

export function namedRuntimes(
  kind: NamedRuntime['kind'],
  facts: Readonly<Record<string, unknown>>,
): readonly NamedRuntime[] {
  return Object.entries(facts).map(([name, runtime]) => ({ ...(runtime as RuntimeFacts), name, kind }));
}

/** With a ready pod none may have been asked for. */
export function runtimesSeen(
  { facts }: Gathered,
  complete: IsComplete,
  hasHome: boolean,
): readonly NamedRuntime[] | undefined {
  if (!complete('servingRuntimes') || !complete('clusterServingRuntimes')) return undefined;
  const [, , ofNamespace = {}, ofCluster = {}] = facts;
  const all = [...namedRuntimes('ServingRuntime', ofNamespace), ...namedRuntimes('ClusterServingRuntime', ofCluster)];
  return hasHome && all.length === 0 ? undefined : all;
}

export function storageSeen({ facts }: Gathered, complete: IsComplete, config: ConfigFacts): StorageSeen | undefined {
  if (config.kind !== 'ok' || !complete('storageSecrets') || !complete('persistentVolumeClaims')) return undefined;
  const [, , , , secrets = {}, claims = {}] = facts;
  const { storageSecretName: secretName } = config.config;
  return { secretName, secret: secrets[secretName] as StorageFacts | undefined, claims: Object.keys(claims) };
}

export function copiesIn(records: readonly ViewedObject[]): Readonly<Record<string, readonly Copy[]>> {
  const models = records.filter(({ name }) => name.startsWith('registry/'));
  return Object.fromEntries(models.map(({ name, body }) => [name.slice('registry/'.length), readCopies(body)]));
}
