import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { toStorageError, type FailureFacts } from '../failures.ts';
import { makeFolders } from '../files/safe-path.ts';
import { writeDownload, type Download } from '../files/write-download.ts';
import type { StorageLimits } from '../limits.ts';
import type { PullRequest, PullTarget } from '../provider.ts';
import { runLimited } from '@meshkeeper/async';
import { StorageError } from '../storage-error.ts';
import { withDeadline } from '../with-deadline.ts';
import {
  planObjects,
  refuseConflicts,
  selectObjects,
  type PlannedObject,
  type StoredObject,
} from './select-objects.ts';

export type ObjectPage = {
  readonly objects: readonly StoredObject[];
  /** Reads the next page; undefined after the last one. */
  readonly next: string | undefined;
};

/** One bucket, as the three object stores show it. */
export type Bucket = {
  /** `bucket 'B'`, or `container 'C'`. */
  readonly name: string;
  /** Host and port of the storage. */
  readonly host: string;
  /** Objects that are read concurrently. */
  readonly parallel: number;
  list(prefix: string, next: string | undefined, pageSize: number, signal: AbortSignal): Promise<ObjectPage>;
  /** `announced` are the bytes that the answer says will come. The signal ends the wait for the answer only. */
  read(key: string, signal: AbortSignal): Promise<{ readonly body: Readable; readonly announced: number | undefined }>;
  facts(error: unknown): FailureFacts;
};

type Pull = Pick<PullRequest, 'targets' | 'folder' | 'signal'>;

/** Copies the objects of every target into the folder, which is there and empty. Gives their bytes. @throws StorageError */
export async function pullObjects(bucket: Bucket, pull: Pull, limits: StorageLimits): Promise<number> {
  const planned: PlannedObject[] = [];
  for (const target of pull.targets) planned.push(...(await findObjects(bucket, target, pull.signal, limits)));
  refuseConflicts(planned);
  let bytes = 0;
  await runLimited(planned, bucket.parallel, pull.signal, async (item, signal) => {
    const came = await pullObject(bucket, item, pull.folder, signal, limits);
    bytes += came; // not `bytes += await …`, which reads the sum before the others have added to it
  });
  return bytes;
}

async function findObjects(
  bucket: Bucket,
  target: PullTarget,
  signal: AbortSignal,
  limits: StorageLimits,
): Promise<readonly PlannedObject[]> {
  const selected: StoredObject[] = [];
  let next: string | undefined;
  // An empty path matches nothing, so there is no need to list the whole bucket for it.
  if (target.path !== '') {
    do {
      const page = await listPage(bucket, target.path, next, signal, limits);
      selected.push(...selectObjects(page.objects, target.path));
      next = page.next;
    } while (next !== undefined);
  }
  if (selected.length > 0) return planObjects(selected, target);
  throw new StorageError('NotFound', `no object of ${bucket.name} matches the path '${target.path}'`);
}

async function listPage(
  bucket: Bucket,
  prefix: string,
  next: string | undefined,
  signal: AbortSignal,
  limits: StorageLimits,
): Promise<ObjectPage> {
  const deadline = { ms: limits.stallMs, signal, host: bucket.host };
  try {
    return await withDeadline(deadline, (signal) => bucket.list(prefix, next, limits.pageSize, signal));
  } catch (error) {
    throw toStorageError(error, { what: bucket.name, host: bucket.host }, bucket.facts(error));
  }
}

async function pullObject(
  bucket: Bucket,
  { object, segments }: PlannedObject,
  folder: string,
  signal: AbortSignal,
  limits: StorageLimits,
): Promise<number> {
  const what = `object '${object.key}' of ${bucket.name}`;
  const deadline = { ms: limits.stallMs, signal, host: bucket.host };
  try {
    const parent = await makeFolders(folder, segments.slice(0, -1));
    const answer = await withDeadline(
      deadline,
      (signal) => bucket.read(object.key, signal),
      (late) => late.body.destroy(),
    );
    const download: Download = {
      body: answer.body,
      bytes: expectedBytes(object, answer.announced),
      what,
      host: bucket.host,
    };
    return await writeDownload(download, join(parent, segments.at(-1) ?? ''), signal, limits);
  } catch (error) {
    throw toStorageError(error, { what, host: bucket.host }, bucket.facts(error));
  }
}

/**
 * The larger of what the listing and the answer say. They differ when the object is replaced just now, or the server is
 * mistaken; either way the model would not be the one that was listed.
 */
function expectedBytes(object: StoredObject, announced: number | undefined): number | undefined {
  if (object.packed === true) return undefined;
  return Math.max(object.bytes, announced ?? 0);
}
