import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { aPredictorSnapshot, aStorageSecret, CONFIG } from '../testing/builders.ts';
import { aSeenRuntime } from '../testing/gate-builders.ts';
import type { Finding } from './gate.ts';
import { storageGate } from './storage-gate.ts';

const one = aSeenRuntime('a');
const words = ({ state, reason, message }: Finding): string => `${state} ${reason ?? '-'}: ${message}`;

describe('storage', () => {
  const storage = (entries: Parameters<typeof aStorageSecret>[0], claims: readonly string[] = []) => ({
    storage: { secretName: 's', secret: aStorageSecret(entries), claims },
  });
  const noSecret = { storage: { secretName: 's', secret: undefined, claims: [] } };
  const key = (entry?: string, parameters?: object) =>
    JSON.stringify({ model_type: { name: 'x' }, storage_key: entry, storage_params: parameters });
  const own = { ...one, pulls: false };
  const strict = { config: { kind: 'ok' as const, config: { ...CONFIG, allowAnyPVC: false }, warnings: [] } };
  const anyClaim = { config: { kind: 'ok' as const, config: { ...CONFIG, allowAnyPVC: true }, warnings: [] } };
  const pvc = { type: 'pvc', claim: 'c' };
  const THERE = 'passed -: PersistentVolumeClaim c is there';
  const MISSING = 'open StorageEntryMissing: Secret s in namespace team-a has no entry';
  test.each<[string, Partial<PredictorSnapshot>, string, Parameters<typeof storageGate>[2], string]>([
    [
      'it is not known',
      { storage: undefined },
      key('k'),
      undefined,
      'unknown -: The storage Secrets and claims are not all listed yet',
    ],
    ['no runtime pulls', storage({}), key('k'), [own, own], 'passed -: Its runtime fetches models by itself'],
    ['one runtime pulls', storage({}), key('k'), [own, one], `${MISSING} k`],
    ['no runtime serves it', storage({}), key('k'), [], `${MISSING} k`],
    ['the entry is there', storage({ k: { type: 's3' } }), key('k'), undefined, 'passed -: Entry k is there'],
    ['the Secret is missing', noSecret, key('k'), undefined, `${MISSING} k`],
    [
      'none is named, and there is no default',
      storage({ k: { type: 's3' } }),
      key(),
      undefined,
      'passed -: It names no entry of the storage Secret',
    ],
    [
      'none is named, and there is a default',
      storage({ default: { type: 's3' } }),
      key(),
      undefined,
      'passed -: Entry default is there',
    ],
    [
      'a type is named, and it has a default',
      storage({ default_s3: { type: 's3' } }),
      key(undefined, { type: 's3' }),
      undefined,
      'passed -: Entry default_s3 is there',
    ],
    [
      'a claim is named and there',
      { ...storage({}, ['c']), ...anyClaim },
      key(undefined, { type: 'pvc', name: 'c' }),
      undefined,
      THERE,
    ],
    [
      'a claim is named and missing',
      storage({}),
      key(undefined, { type: 'pvc', name: 'c' }),
      undefined,
      'open ClaimMissing: There is no PersistentVolumeClaim c in namespace team-a',
    ],
    ['the entry names a claim', storage({ k: pvc }, ['c']), key('k'), undefined, THERE],
    [
      'the entry names a claim of its type',
      storage({ k: pvc }),
      key('k', { type: 'pvc' }),
      undefined,
      'open ClaimMissing: There is no PersistentVolumeClaim c in namespace team-a',
    ],
    [
      'the entry names a claim of another type',
      storage({ k: pvc }),
      key('k', { type: 's3' }),
      undefined,
      'passed -: Entry k is there',
    ],
    [
      'the entry names a claim, so that all pods mount it',
      { ...storage({ k: pvc }, ['c']), ...strict },
      key('k'),
      undefined,
      THERE,
    ],
    [
      'no entry names the claim',
      { ...storage({}, ['c']), ...strict },
      key(undefined, { type: 'pvc', name: 'c' }),
      undefined,
      'open ClaimNotMounted: No pod mounts PersistentVolumeClaim c: no entry of Secret s names it, and allowAnyPVC is not set',
    ],
    [
      'an entry may be called as what every object has',
      storage({}),
      key('constructor'),
      undefined,
      `${MISSING} constructor`,
    ],
  ])('%s', (_rule, more, modelKey, serving, expected) => {
    expect(words(storageGate(aPredictorSnapshot(more), modelKey, serving))).toBe(expected);
  });

  test('a missing entry has what is there as its detail', () => {
    const says = [storage({ a: { type: 's3' }, b: { type: 's3' } }), storage({}), noSecret].map(
      (more) => storageGate(aPredictorSnapshot(more), key('k'), undefined).details,
    );
    const about = 'Secret s';
    expect(says).toEqual([
      [{ about, says: 'it has a, b' }],
      [{ about, says: 'it has none' }],
      [{ about, says: 'there is none' }],
    ]);
  });
});
