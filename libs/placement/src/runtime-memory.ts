import type { Arrival } from './cache-entry.ts';

/** By how much a model may turn out larger than predicted. */
function marginOf({ units, mostUnits }: Arrival): number {
  return Math.max(0, (mostUnits ?? units) - units);
}

/** What the runtime has in memory as far as we know: what is loaded, what loads, and what is on its way out. In units. */
export class RuntimeMemory {
  readonly #capacity: number;
  readonly #unloading = new Map<number, number>();
  #held = 0;
  #margin = 0;
  #unloads = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * Also the largest of its kind must find space, until the memory of what was evicted is free. Once nothing is on its way
   * out waiting would not help, and what the prediction lacks is taken from the unload buffer.
   */
  canBegin(entry: Arrival): boolean {
    const margin = this.#unloading.size === 0 ? 0 : this.#margin + marginOf(entry);
    return this.#held + entry.units + margin <= this.#capacity;
  }

  begin(entry: Arrival): void {
    this.#held += entry.units;
    this.#margin += marginOf(entry);
  }

  /** The size is no longer predicted but known. */
  settle(entry: Arrival, units: number): void {
    this.#held += units - entry.units;
    this.#margin -= marginOf(entry);
  }

  /** Begins an unload. Gives its number, for `unloaded`. */
  unload(entry: Arrival): number {
    this.#margin -= marginOf(entry);
    this.#unloads += 1;
    this.#unloading.set(this.#unloads, entry.units);
    return this.#unloads;
  }

  unloaded(unload: number): void {
    this.#held -= this.#unloading.get(unload) ?? 0;
    this.#unloading.delete(unload);
  }
}
