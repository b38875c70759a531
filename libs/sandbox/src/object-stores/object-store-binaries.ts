import { join } from 'node:path';
import { buildCache, contentHash, isExecutable } from '../binaries/build-cache.ts';
import { buildWithGo, type BuildProgress } from '../binaries/go-build.ts';

/** Absolute paths of the programs that play object stores. */
type ObjectStoreBinaries = { readonly versitygw: string; readonly fakeGcsServer: string };

/** The Go module that pins what is built. */
const MODULE_FOLDER = join(import.meta.dirname, '..', '..', 'object-stores');
const FLAGS = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];
const PACKAGES = ['github.com/versity/versitygw/cmd/versitygw', 'github.com/fsouza/fake-gcs-server'];
const PROGRAMS = ['versitygw', 'fake-gcs-server'];

let found: Promise<ObjectStoreBinaries> | undefined;

/**
 * The programs of the object stores: those built before, else they are built now (two minutes; `progress` hears of it).
 * Asked once per process.
 * @throws Error with one sentence when building is not possible.
 */
export function ensureObjectStores(progress: BuildProgress = () => {}): Promise<ObjectStoreBinaries> {
  found ??= locate(progress).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function locate(progress: BuildProgress): Promise<ObjectStoreBinaries> {
  const folder = objectStoreCache(process.env);
  if (missingPrograms(folder).length > 0) await build(folder, progress);
  return { versitygw: join(folder, 'versitygw'), fakeGcsServer: join(folder, 'fake-gcs-server') };
}

/** Where the build for exactly this module and platform is kept: `~/.cache/meshkeeper/object-stores/<hash>`. */
export function objectStoreCache(env: Readonly<Record<string, string | undefined>>): string {
  return buildCache(env, 'object-stores', contentHash(MODULE_FOLDER, ['go.mod', 'go.sum'], FLAGS));
}

function missingPrograms(folder: string): readonly string[] {
  return PROGRAMS.filter((name) => !isExecutable(join(folder, name)));
}

function build(folder: string, progress: BuildProgress): Promise<void> {
  const what = {
    name: 'the object stores',
    need: { subject: 'The object stores', orInstead: { absent: '', tooOld: '' } },
    moduleFolder: MODULE_FOLDER,
    flags: FLAGS,
    packages: PACKAGES,
    missing: missingPrograms,
  };
  return buildWithGo(what, folder, progress);
}
