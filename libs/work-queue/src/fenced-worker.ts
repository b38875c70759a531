import { Worker } from 'bullmq';
import { Fence } from './fence.ts';
import type { JobData } from './queue-names.ts';

/**
 * BullMQ's worker, which renews the locks of its jobs in the background; here each renewal also moves the job's fence, and a
 * refused one closes it. BullMQ itself only emits an event then, and lets the job run on (T5).
 */
export class FencedWorker extends Worker<JobData> {
  readonly #fences = new Map<string, Fence>();

  /** A fence for the job that holds `token`, open for `validForMs` from now at the most. */
  openFence(token: string, validForMs: number): Fence {
    const fence = new Fence(validForMs);
    this.#fences.set(token, fence);
    return fence;
  }

  dropFence(token: string): void {
    this.#fences.delete(token);
  }

  /** Closes every fence whose time is up, so that a run that waits for an answer notices too. */
  closeLapsed(): void {
    for (const fence of this.#fences.values()) if (!fence.isOpen) fence.close();
  }

  override async extendJobLocks(jobIds: string[], tokens: string[], duration: number): Promise<string[]> {
    const sentAt = performance.now();
    const refused = await super.extendJobLocks(jobIds, tokens, duration);
    jobIds.forEach((id, i) => {
      const fence = this.#fences.get(tokens[i] ?? '');
      if (refused.includes(id)) fence?.close();
      else fence?.extend(sentAt, duration);
    });
    return refused;
  }
}
