import { revisionOf, toEntry, type EtcdEntry } from './etcd-entries.ts';
import type { EtcdEndpoints } from './etcd-endpoints.ts';

export type EtcdRangeResult = {
  readonly revision: bigint;
  readonly entries: readonly EtcdEntry[];
  readonly more: boolean;
};

/** The range of keys that start with `prefix`, as etcd's requests carry it; the empty prefix is every key. */
export function keyRange(prefix: string): { readonly key: Buffer; readonly rangeEnd: Buffer } {
  const key = Buffer.from(prefix);
  return { key: key.length === 0 ? Buffer.from('\0') : key, rangeEnd: prefixEnd(key) };
}

/** The prefix with its last byte incremented; `\0`, all keys from there on, when it has none that can be. */
function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last] as number;
    if (byte < 0xff) {
      end[last] = byte + 1;
      return end.subarray(0, last + 1);
    }
  }
  return Buffer.from('\0');
}

/**
 * Reads a prefix in pages. All pages show the revision of the first answer, or the given one (0n for none). Yields at least one page, because
 * an empty prefix has a revision too.
 * @throws CallError Conflict with code OUT_OF_RANGE when that revision is compacted in the meantime
 */
export async function* rangePages(
  endpoints: EtcdEndpoints,
  prefix: string,
  revision: bigint,
  pageSize: number,
): AsyncGenerator<EtcdRangeResult> {
  const { key: start, rangeEnd } = keyRange(prefix);
  let key = start;
  let pinned = revision;
  for (;;) {
    const request = { key, rangeEnd, limit: BigInt(pageSize), revision: pinned };
    const reply = await endpoints.call('range', ({ raw }) => raw.range(request));
    if (pinned === 0n) pinned = revisionOf(reply.header);
    yield { revision: pinned, entries: reply.kvs.map(toEntry), more: reply.more };
    const last = reply.kvs.at(-1);
    if (!reply.more || last === undefined) return;
    // The raw bytes, not the decoded key: another client's key need not be UTF-8.
    key = Buffer.concat([last.key, Buffer.from('\0')]);
  }
}
