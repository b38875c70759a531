import { safeSegments } from '../files/safe-path.ts';
import { StorageError } from '../storage-error.ts';
import type { PullTarget } from '../provider.ts';

/** One entry of a listing. */
export type StoredObject = {
  readonly key: string;
  readonly bytes: number;
  /** The storage unpacks it on the way, so that its size says nothing of what arrives. */
  readonly packed?: boolean;
};

/** Where an object goes: `segments` below the model's folder, the first of which is the target's local name. */
export type PlannedObject = { readonly object: StoredObject; readonly segments: readonly string[] };

/**
 * The objects of a listing that belong to a path: the one of exactly that key, and all under `path/`. Empty objects and keys
 * that end with `/` are markers of folders, and dropped. An empty path therefore matches nothing.
 */
export function selectObjects(listing: readonly StoredObject[], path: string): readonly StoredObject[] {
  if (path === '' || path === '/') return [];
  const under = path.endsWith('/') ? path : `${path}/`;
  return listing.filter(({ key, bytes }) => bytes > 0 && !key.endsWith('/') && (key === path || key.startsWith(under)));
}

/**
 * Where each selected object of a target goes.
 * @throws StorageError UnsafePath when a key leads out of the folder.
 */
export function planObjects(selected: readonly StoredObject[], target: PullTarget): readonly PlannedObject[] {
  return selected.map((object) => {
    const below = safeSegments(object.key.slice(target.path.length), `the key '${object.key}'`);
    return { object, segments: [target.localName, ...below] };
  });
}

/** @throws StorageError UnsafePath when two objects would be one file, or one object both a file and a folder. */
export function refuseConflicts(planned: readonly PlannedObject[]): void {
  const files = new Set<string>();
  for (const { object, segments } of planned) {
    const file = segments.join('/');
    if (files.has(file)) {
      throw new StorageError('UnsafePath', `the key '${object.key}' names the same file as another one`);
    }
    files.add(file);
  }
  for (const { segments } of planned) {
    for (let length = 1; length < segments.length; length += 1) {
      const folder = segments.slice(0, length).join('/');
      if (!files.has(folder)) continue;
      throw new StorageError('UnsafePath', `file already exists as a directory: '${folder}'`);
    }
  }
}
