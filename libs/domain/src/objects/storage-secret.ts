import { z } from 'zod';

/**
 * Of a namespace's storage Secret: the PersistentVolumeClaims that it names, which every pod shows, and of each entry its name, its type
 * and, for a claim, which one. No other word of it is kept.
 */
export type StorageFacts = {
  readonly claims: readonly string[];
  readonly entries: Readonly<Record<string, StorageEntry>>;
};
export type StorageEntry = { readonly type: string; readonly claim?: string };

const decodedSchema = z.object({
  claims: z.array(z.string()).catch([]),
  entries: z.record(z.string(), z.object({ type: z.string(), claim: z.string().optional() })).catch({}),
});

/** From the decoded Secret, or from what is kept of it: nothing else of it is passed on. */
export function readStorage(data: Readonly<Record<string, unknown>>): StorageFacts {
  const { claims, entries } = decodedSchema.parse(data);
  const kept = Object.entries(entries).map(
    ([name, { type, claim }]) => [name, claim === undefined ? { type } : { type, claim }] as const,
  );
  return { claims, entries: Object.fromEntries(kept) };
}
