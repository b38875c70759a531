import type { CopyChange } from '../src/index.ts';

/** A change that is taken back so soon should not have been made. */
const TAKEN_BACK_MS = 1_800_000;

type Noted = { readonly at: number; readonly reason: CopyChange['reason'] };

/** Finds changes of copies that undo each other. */
export class FlapWatch {
  readonly found: string[] = [];
  readonly #added = new Map<string, Noted>();
  readonly #removed = new Map<string, Noted>();

  note(change: CopyChange, now: number): void {
    const { kind, model, reason } = change;
    // A copy that follows its pod around is no change of mind.
    if (reason === 'replaces-leaving-copy' || reason === 'replaced' || reason === 'wanted') return;
    const [own, opposite] = kind === 'add' ? [this.#added, this.#removed] : [this.#removed, this.#added];
    const before = opposite.get(model);
    if (before !== undefined && now - before.at < TAKEN_BACK_MS) {
      this.found.push(`${model}: ${before.reason}, and ${(now - before.at) / 1_000} s later ${reason}`);
    }
    const again = own.get(model);
    if (reason === 'ahead-of-use' && again?.reason === reason && now - again.at < TAKEN_BACK_MS) {
      this.found.push(`${model}: loaded ahead of use twice within ${(now - again.at) / 1_000} s`);
    }
    own.set(model, { at: now, reason });
  }

  /** The model lost a copy with its pod: making another one undoes nothing. */
  lost(model: string): void {
    this.#added.delete(model);
    this.#removed.delete(model);
  }
}
