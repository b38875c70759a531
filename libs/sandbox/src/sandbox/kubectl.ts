import { execFile, type PromiseWithChild } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Kubectl = (args: readonly string[]) => Promise<string>;

export type KubectlRunner = { readonly kubectl: Kubectl; stop(): Promise<void> };

/** Runs kubectl as the sandbox's administrator. Its cache stays in the sandbox's folder. `stop` ends what still runs. */
export function kubectlFor(binary: string, kubeconfig: string, cacheFolder: string): KubectlRunner {
  const ending = new AbortController();
  const running = new Set<Promise<unknown>>();
  const kubectl: Kubectl = async (args) => {
    try {
      const done = await track(
        running,
        run(binary, [`--kubeconfig=${kubeconfig}`, `--cache-dir=${cacheFolder}`, ...args], {
          maxBuffer: 16_777_216,
          signal: ending.signal,
        }),
      );
      return done.stdout;
    } catch (error) {
      const text = (error as { readonly stderr?: string }).stderr?.trim() ?? String(error);
      throw new Error(`kubectl ${args.slice(0, 2).join(' ')} failed: ${text.split('\n').slice(0, 5).join('\n')}`, {
        cause: error,
      });
    }
  };
  return {
    kubectl,
    async stop(): Promise<void> {
      ending.abort();
      await Promise.allSettled(running);
    },
  };
}

/** An aborted call is over before its process is: what is waited for is the process. */
function track<T>(running: Set<Promise<unknown>>, work: PromiseWithChild<T>): Promise<T> {
  const closed = once(work.child, 'close').finally(() => running.delete(closed));
  running.add(closed);
  return work;
}

/**
 * Applies files and folders by server-side apply, in this order but for folders with a kustomization, which come first; those that do not
 * exist are passed over.
 */
export async function applyManifests(kubectl: Kubectl, paths: readonly string[]): Promise<void> {
  const present = paths.filter((path) => existsSync(path) && manifestFiles(path).length > 0);
  const isBuilt = (path: string): boolean => existsSync(join(path, 'kustomization.yaml'));
  const files = present.filter((path) => !isBuilt(path)).map((path) => `--filename=${path}`);
  // Forced: what a newer version of the manifests says replaces what an older one said under another name.
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=meshkeeper-sandbox'];
  for (const path of present.filter(isBuilt)) await kubectl([...apply, `--kustomize=${path}`]);
  if (files.length > 0) await kubectl([...apply, '--recursive', ...files]);
}

/** The YAML files of a path, which may be a folder, sorted. */
export function manifestFiles(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

/** Changes whenever one of the files does. */
export function manifestDigest(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(manifestFiles)) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}
