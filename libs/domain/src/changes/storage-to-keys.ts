import type { WakeSet } from './wake-set.ts';
import { claimEntriesIndex, claimIndex, entryIndex } from './indexes.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';

function modelsOfEntry(namespace: string, entry: string): string {
  return `predictor/${namespace}/{${entryIndex(namespace, entry)}}`;
}

/** Those that name the claim, and those that name an entry which does. The second hole is filled by a pattern with a hole of its own. */
export function modelsOnClaim(namespace: string, claim: string): readonly string[] {
  return [
    `predictor/${namespace}/{${claimIndex(namespace, claim)}}`,
    `predictor/${namespace}/{${claimEntriesIndex(namespace, claim)}}`,
  ];
}

/** Which models a storage Secret wakes: those that name an entry or a claim wait for it, or have lost it. */
export function storageChange(namespace: string, { claims, entries }: StorageFacts): WakeSet {
  const named = Object.entries(entries);
  return {
    keys: [],
    wakes: [
      ...named.map(([entry]) => modelsOfEntry(namespace, entry)),
      ...claims.map((claim) => `predictor/${namespace}/{${claimIndex(namespace, claim)}}`),
    ],
    indexes: named.flatMap(([entry, { claim }]) =>
      claim === undefined ? [] : [`${claimEntriesIndex(namespace, claim)} {${entryIndex(namespace, entry)}}`],
    ),
  };
}
