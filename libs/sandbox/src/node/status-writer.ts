import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import type { Pod, PodStatus } from '../kube/objects.ts';
import { failedWith, MERGE_PATCH } from '../kube/open-cluster.ts';

export type StatusWriter = {
  /** Something may have changed; writes when the status differs from what was written last. */
  touch(): void;
  /** Settles once everything touched so far is written, or the Pod is gone. */
  idle(): Promise<void>;
};

/** Ten seconds: by then the next change of the Pod, or the next start, writes it. */
const ATTEMPTS = 20;

/** Writes one Pod's status: one patch at a time, none without a difference, again after a failure. */
export function createStatusWriter(
  client: KubeTransport,
  pod: Pod,
  compute: (written: PodStatus | undefined) => PodStatus,
): StatusWriter {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/status`;
  let written: PodStatus | undefined;
  let dirty = false;
  let writing: Promise<void> | undefined;
  const loop = async (): Promise<void> => {
    let failures = 0;
    while (dirty) {
      dirty = false;
      const status = compute(written);
      if (isDeepStrictEqual(status, written)) continue;
      try {
        // The uid refuses the write to a namesake that came after it.
        await client.call({
          method: 'PATCH',
          path,
          contentType: MERGE_PATCH,
          body: { metadata: { uid: pod.metadata.uid }, status },
        });
        written = status;
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failedWith(error, 'Gone', 'Conflict') || failures === ATTEMPTS) return;
        dirty = true;
        await sleep(500);
      }
    }
  };
  const touch = (): void => {
    dirty = true;
    writing ??= loop().finally(() => {
      writing = undefined;
      if (dirty) touch();
    });
  };
  return {
    touch,
    idle: async () => {
      await writing;
      await writing; // what was touched while the first one ran
    },
  };
}
