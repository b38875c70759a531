import { createClientCache } from './client-cache.ts';
import { invalid } from './config-values.ts';
import { codeOf, toStorageError } from './failures.ts';
import { clearFolder, removeFolder } from './files/model-folder.ts';
import { isSafeName } from './files/safe-path.ts';
import { DEFAULT_LIMITS, type StorageLimits } from './limits.ts';
import type { Provider, PullRequest, StorageConfig } from './provider.ts';
import { StorageError, type StorageReason } from './storage-error.ts';
import { cancelled } from './with-deadline.ts';

/** Loaded on first use: the SDKs take up to 40 MiB, and most pods need one of them. */
const PROVIDERS: Readonly<Record<string, () => Promise<Provider>>> = {
  s3: async () => (await import('./providers/s3.ts')).s3,
  gcs: async () => (await import('./providers/gcs.ts')).gcs,
  azure: async () => (await import('./providers/azure.ts')).azure,
  http: async () => (await import('./providers/http.ts')).http,
  pvc: async () => (await import('./providers/pvc.ts')).pvc,
};
const HOUR_MS = 3_600_000;

export type Storage = {
  /**
   * Copies (for a claim: links) the targets into the request's folder. Several pulls may run concurrently, into folders of
   * their own.
   * @throws StorageError; the folder is then gone.
   */
  pull(request: PullRequest): Promise<void>;
  /** Cancels the pulls that run, waits for them, and closes all connections. */
  stop(): Promise<void>;
};

/** What is reported after each pull. */
export type PullReport = {
  /** One of the known types, else `unknown`. */
  readonly type: string;
  /** Copied bytes; 0 for a failed pull and for a link. */
  readonly bytes: number;
  readonly ms: number;
  readonly failure?: StorageReason;
};

export type StorageOptions = {
  /** Holds one folder for each mounted claim: `/pvc_mounts`. */
  readonly pvcMounts: string;
  /** A client unused for that many milliseconds is closed; an hour when absent. */
  readonly idleMs?: number;
  /** Called after each pull. */
  readonly onPull?: (pull: PullReport) => void;
};

export function createStorage(options: StorageOptions): Storage {
  return createLimitedStorage(options, DEFAULT_LIMITS);
}

/** The same with limits that a test can reach. */
export function createLimitedStorage(
  options: StorageOptions,
  limits: StorageLimits,
): Storage & { readonly clients: () => number } {
  const cache = createClientCache(options.idleMs ?? HOUR_MS);
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  const copy = async (request: PullRequest): Promise<number> => {
    if (request.signal.aborted) throw cancelled();
    checkTargets(request);
    const { type, provider } = await providerOf(request.config);
    const connection = provider(request.config, options);
    return cache.use(type, connection, async (client) => {
      await clearFolder(request.folder);
      const bytes = await client.pull(request, limits);
      if (request.signal.aborted) throw cancelled();
      return bytes;
    });
  };
  const pull = async (request: PullRequest): Promise<void> => {
    const started = performance.now();
    const type = knownType(request.config);
    const report = (bytes: number, failure?: StorageReason): void =>
      options.onPull?.({ type, bytes, ms: performance.now() - started, ...(failure === undefined ? {} : { failure }) });
    const signal = AbortSignal.any([request.signal, stopping.signal]);
    const outcome = await copy({ ...request, signal }).catch(asStorageError);
    if (typeof outcome === 'number') return report(outcome);
    // What is left when even that fails is cleared by the next pull.
    await removeFolder(request.folder).catch(() => {});
    report(0, outcome.reason);
    throw outcome;
  };
  return {
    pull: (request) => {
      const promise = pull(request);
      running.add(promise);
      const forget = (): void => void running.delete(promise);
      promise.then(forget, forget);
      return promise;
    },
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(running);
      await cache.close();
    },
    clients: () => cache.size(),
  };
}

async function providerOf(config: StorageConfig): Promise<{ readonly type: string; readonly provider: Provider }> {
  const type = typeof config['type'] === 'string' ? config['type'] : '';
  const load = Object.hasOwn(PROVIDERS, type) ? PROVIDERS[type] : undefined;
  if (load !== undefined) return { type, provider: await load() };
  throw invalid(`could not process pull command: no provider registered for repositories of type '${type}'`);
}

function knownType(config: StorageConfig): string {
  const { type } = config;
  return typeof type === 'string' && Object.hasOwn(PROVIDERS, type) ? type : 'unknown';
}

function checkTargets({ targets }: PullRequest): void {
  const names = targets.map(({ localName }) => localName);
  const unsafe = names.find((name) => !isSafeName(name));
  if (unsafe !== undefined) throw new StorageError('UnsafePath', `'${unsafe}' is not the name of a file`);
  if (new Set(names).size < names.length) throw new StorageError('UnsafePath', 'two targets have the same name');
}

function asStorageError(error: unknown): StorageError {
  const code = codeOf(error);
  return toStorageError(error, { what: "the model's folder", host: 'the storage' }, code === undefined ? {} : { code });
}
