import { storageOf } from '../changes/facts.ts';
import { configOf, type PredictorSnapshot, type NamedRuntime, type StorageSeen } from '../snapshot/snapshot.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { StorageEntry } from '../objects/storage-secret.ts';
import { open, passed, unknown, type Finding } from './gate.ts';

export const STORAGE_REASONS: readonly string[] = [
  'StorageEntryMissing',
  'ClaimMissing',
  'ClaimNotMounted',
] satisfies Reason[];

/**
 * Whether the entry of the storage Secret and the claim that a model names are there. The mesh takes a registration without them, and
 * only the load fails: so this gate explains, and holds up nothing.
 */
export function storageGate(
  snapshot: PredictorSnapshot,
  modelKey: string,
  serving: readonly NamedRuntime[] | undefined,
): Finding {
  const { storage } = snapshot;
  if (storage === undefined) return unknown('The storage Secrets and claims are not all listed yet');
  if (serving !== undefined && serving.length > 0 && serving.every(({ pulls }) => !pulls))
    return passed('Its runtime fetches models by itself');
  const asked = storageOf(modelKey);
  const name = asked.entry ?? defaultEntry(storage, asked.type);
  const entry = name === undefined ? undefined : entryOf(storage, name);
  if (name !== undefined && entry === undefined) return entryMissing(snapshot, storage, name);
  const claim = asked.claim ?? (asked.type === undefined || asked.type === 'pvc' ? entry?.claim : undefined);
  if (claim !== undefined) return claimFinding(snapshot, storage, claim);
  return passed(name === undefined ? 'It names no entry of the storage Secret' : `Entry ${name} is there`);
}

/** Without a word of the model the puller looks for these; that there is none is no fault. */
function defaultEntry(storage: StorageSeen, type: string | undefined): string | undefined {
  const name = type === undefined ? 'default' : `default_${type}`;
  return entryOf(storage, name) === undefined ? undefined : name;
}

function entryOf({ secret }: StorageSeen, name: string): StorageEntry | undefined {
  return secret !== undefined && Object.hasOwn(secret.entries, name) ? secret.entries[name] : undefined;
}

/** Whether the Secret exists at all is a detail: one that lacks the entry wakes no key. */
function entryMissing({ key }: PredictorSnapshot, { secret, secretName }: StorageSeen, name: string): Finding {
  const message = `Secret ${secretName} in namespace ${key.namespace} has no entry ${name}`;
  const names = Object.keys(secret?.entries ?? {});
  const says = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  return open('StorageEntryMissing', message, [
    { about: `Secret ${secretName}`, says: secret === undefined ? 'there is none' : says },
  ]);
}

function claimFinding(snapshot: PredictorSnapshot, storage: StorageSeen, claim: string): Finding {
  const { namespace } = snapshot.key;
  if (!storage.claims.includes(claim))
    return open('ClaimMissing', `There is no PersistentVolumeClaim ${claim} in namespace ${namespace}`);
  if (storage.secret?.claims.includes(claim) === true || configOf(snapshot)?.allowAnyPVC !== false)
    return passed(`PersistentVolumeClaim ${claim} is there`);
  const message = `No pod mounts PersistentVolumeClaim ${claim}: no entry of Secret ${storage.secretName} names it, and allowAnyPVC is not set`;
  return open('ClaimNotMounted', message);
}
