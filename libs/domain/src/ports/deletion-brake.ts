/** Holds up mass deletions, which are more often a mistake of ours than anybody's wish. */
export type DeletionBrake = {
  /**
   * Whether one more VModel of the namespace may go now because `source` shows no object for it. Once too many would go within a minute
   * the rest waits until the source has been listed again, which is requested: `held` is the answer that closes the brake, `wait` each
   * further one. Throws CallError.
   */
  permit(namespace: string, source: string): Promise<'go' | 'wait' | 'held'>;
};
