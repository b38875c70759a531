import { realpath, stat, symlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { invalid, optionalText } from '../config-values.ts';
import { isSafeName } from '../files/safe-path.ts';
import type { Provider, PullRequest, PullTarget } from '../provider.ts';
import { StorageError } from '../storage-error.ts';

/** A claim is mounted already; the model becomes a link into it, and nothing is copied. */
export const pvc: Provider = (config, { pvcMounts }) => {
  const claim = optionalText(config, 'name');
  if (claim === undefined) throw invalid(`required configuration 'name' missing from command`);
  if (!isSafeName(claim)) throw new StorageError('UnsafePath', `'${claim}' is not the name of a claim`);
  return {
    fields: [claim],
    open: () => ({
      pull: (request) => linkTargets(pvcMounts, claim, request),
      close: () => Promise.resolve(),
    }),
  };
};

async function linkTargets(base: string, claim: string, request: PullRequest): Promise<number> {
  await checkBase(base);
  for (const target of request.targets) await linkTarget(base, claim, target, request.folder);
  return 0;
}

async function checkBase(base: string): Promise<void> {
  const found = await stat(base).catch(() => undefined);
  if (found === undefined) throw new StorageError('NotFound', `the PVC mount base '${base}' doesn't exist`);
  if (!found.isDirectory()) throw new StorageError('NotFound', `the PVC mount base '${base}' is not a directory`);
}

async function linkTarget(base: string, claim: string, target: PullTarget, folder: string): Promise<void> {
  const leaves = new StorageError('UnsafePath', `the path '${target.path}' leaves the claim '${claim}'`);
  if (target.path.split('/').includes('..') || target.path.includes('\0')) throw leaves;
  const mount = join(base, claim);
  const path = join(mount, target.path.replace(/\/+$/, ''));
  const [realMount, realPath] = await Promise.all([mount, path].map((each) => realpath(each).catch(() => undefined)));
  if (realMount === undefined) {
    const why = `the claim '${claim}' is not mounted in this pod; the storage Secret must name it, or allowAnyPVC be set`;
    throw new StorageError('NotFound', `unable to access model local path '${path}': ${why}`);
  }
  if (realPath === undefined) {
    // A dangling link may point outside the claim, where nothing must be looked up.
    throw new StorageError('NotFound', `unable to access model local path '${path}'`);
  }
  if (realPath !== realMount && !realPath.startsWith(`${realMount}${sep}`)) throw leaves;
  await symlink(path, join(folder, target.localName));
}
