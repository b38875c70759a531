import { join } from 'node:path';
import { buildCache, contentHash, isExecutable } from '../binaries/build-cache.ts';
import { buildWithGo, COMMON_FLAGS, type BuildProgress } from '../binaries/go-build.ts';

/** A server of one Go module, which is one program. */
type Program = { readonly name: string; readonly module: string };

const S3: Program = { name: 'the S3 server', module: 's3' };
const GCS: Program = { name: 'the GCS emulator', module: 'gcs' };

const MODULES = join(import.meta.dirname, '..', '..', 'object-stores');
const FLAGS = [...COMMON_FLAGS, '-ldflags', '-s -w'];

const found = new Map<Program, Promise<string>>();

/**
 * The S3 server that a sandbox has: the one built before, else it is built now (half a minute; `progress` receives it). Looked up once
 * per process.
 * @throws Error with one sentence when building is not possible.
 */
export function ensureS3Server(progress: BuildProgress = () => {}): Promise<string> {
  return ensure(S3, progress);
}

/** The emulator of Google Cloud Storage, which only tests need. @throws Error with one sentence when building is not possible */
export function ensureGcsEmulator(progress: BuildProgress = () => {}): Promise<string> {
  return ensure(GCS, progress);
}

/** All object stores, as tests need them. @throws Error with one sentence when building is not possible */
export async function ensureObjectStores(progress: BuildProgress = () => {}): Promise<void> {
  await ensureS3Server(progress);
  await ensureGcsEmulator(progress);
}

/** Where the build for exactly this module and platform is kept: `~/.cache/meshkeeper/<module>/<hash>`. */
export function objectStoreCache(env: Readonly<Record<string, string | undefined>>, module: string): string {
  return buildCache(env, module, contentHash(join(MODULES, module), FLAGS));
}

function ensure(program: Program, progress: BuildProgress): Promise<string> {
  const present = found.get(program);
  if (present !== undefined) return present;
  const located = locate(program, progress).catch((error: unknown) => {
    found.delete(program);
    throw error;
  });
  found.set(program, located);
  return located;
}

async function locate({ name, module }: Program, progress: BuildProgress): Promise<string> {
  const folder = objectStoreCache(process.env, module);
  const file = join(folder, module);
  if (isExecutable(file)) return file;
  const subject = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  const build = {
    name,
    need: { subject, orInstead: { absent: '', tooOld: '' } },
    moduleFolder: join(MODULES, module),
    flags: FLAGS,
    packages: ['.'],
    missing: (target: string) => (isExecutable(join(target, module)) ? [] : [module]),
  };
  await buildWithGo(build, folder, progress);
  return file;
}
