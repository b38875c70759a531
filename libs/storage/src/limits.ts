import type { Writable } from 'node:stream';
import { batchedFile } from './files/batched-file.ts';

/** What the tests make smaller. */
export type StorageLimits = {
  /** A storage that says nothing for that long is given up. */
  readonly stallMs: number;
  /** A whole model over HTTP. */
  readonly httpTotalMs: number;
  /** Objects on one page of a listing. */
  readonly pageSize: number;
  /** Opens a file that must not exist yet. */
  readonly openFile: (path: string) => Writable;
};

export const DEFAULT_LIMITS: StorageLimits = {
  stallMs: 60_000,
  httpTotalMs: 15 * 60_000,
  pageSize: 1_000,
  openFile: (path) => batchedFile(path),
};
