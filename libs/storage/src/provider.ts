import type { StorageLimits } from './limits.ts';

/** The merged JSON of a storage; `type` is a string. */
export type StorageConfig = Readonly<Record<string, unknown>>;

export type PullTarget = {
  /** Inside the bucket, the container, the claim or the server. */
  readonly path: string;
  /** What it is called in the model's folder: one name, not a path. */
  readonly localName: string;
};

export type PullRequest = {
  readonly config: StorageConfig;
  /** The model, and perhaps its schema. */
  readonly targets: readonly PullTarget[];
  /** The model's own folder; whatever is in it is cleared first; it is made when absent. */
  readonly folder: string;
  readonly signal: AbortSignal;
};

/** One connection to a storage; serves any number of concurrent pulls. */
export type StorageClient = {
  /** Fills the request's folder, which is there and empty, and gives the bytes that came. */
  pull(request: PullRequest, limits: StorageLimits): Promise<number>;
  close(): Promise<void>;
};

/** What a storage's configuration says of the connection. */
export type StorageConnection = {
  /** Two configurations with the same fields share a client; credentials belong to them. */
  readonly fields: readonly unknown[];
  /** @throws StorageError InvalidConfig when a field cannot be used, such as a certificate that is none. */
  readonly open: () => StorageClient;
};

/** @throws StorageError InvalidConfig when something is missing. */
export type Provider = (config: StorageConfig, options: { readonly pvcMounts: string }) => StorageConnection;
