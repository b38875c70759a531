/** How often all processes together may call one other side. Throws CallError. */
export type CallBudget = {
  /**
   * 0 when `caller` may call now; else the milliseconds after which it should ask again, when it will have its turn. Nothing is owed for
   * a turn that is not used.
   */
  take(of: string, caller: string): Promise<number>;
};
