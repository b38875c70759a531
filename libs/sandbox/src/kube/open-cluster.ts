import { readFileSync } from 'node:fs';
import { CallError, type CallErrorKind } from '@meshkeeper/domain';
import { KubeTransport } from '@meshkeeper/kubernetes';
import type { ClientFiles, ClusterFiles } from '../certificates/cluster-files.ts';

export const MERGE_PATCH = 'application/merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';
/** The field manager of what the sandbox applies. */
export const APPLIED = { fieldManager: 'meshkeeper-sandbox', force: 'true' };

/** Reaches a sandbox's API server as one of its users. */
export function openCluster(url: string, files: ClusterFiles, user: ClientFiles): KubeTransport {
  const tls = {
    ca: readFileSync(files.caFile),
    cert: readFileSync(user.certificateFile),
    key: readFileSync(user.keyFile),
  };
  const access = { url, tls, headers: {} };
  return new KubeTransport({ access: () => Promise.resolve(access), userAgent: APPLIED.fieldManager });
}

/** Whether a call failed in one of these ways: `Gone` for an object that is not there, `Conflict` for one that is there already. */
export function failedWith(error: unknown, ...kinds: readonly CallErrorKind[]): boolean {
  return error instanceof CallError && kinds.includes(error.kind);
}
