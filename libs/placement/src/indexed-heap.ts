/** A binary heap whose items are found by id, so that one can be moved or taken out without a search through all. */
export class IndexedHeap<T extends { readonly id: string }> {
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #isBefore: (left: T, right: T) => boolean;

  /** `isBefore` must order any two different items, or the order of equal ones depends on the history. */
  constructor(isBefore: (left: T, right: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  first(): T | undefined {
    return this.#items[0];
  }

  get(id: string): T | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#items[place];
  }

  /** Puts an item in, or in the place of the one with its id. */
  set(item: T): void {
    const place = this.#places.get(item.id) ?? this.#items.length;
    this.#put(place, item);
    this.#settle(place);
  }

  delete(id: string): T | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const item = this.#items[place];
    const last = this.#items.pop();
    this.#places.delete(id);
    if (last !== undefined && last !== item) {
      this.#put(place, last);
      this.#settle(place);
    }
    return item;
  }

  takeFirst(): T | undefined {
    const first = this.first();
    return first === undefined ? undefined : this.delete(first.id);
  }

  #put(place: number, item: T): void {
    this.#items[place] = item;
    this.#places.set(item.id, place);
  }

  #settle(place: number): void {
    this.#sink(this.#rise(place));
  }

  #rise(from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#swapIfBefore(place, above)) break;
      place = above;
    }
    return place;
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const [leftItem, rightItem] = [this.#items[left], this.#items[left + 1]];
      if (leftItem === undefined) return;
      const child = rightItem !== undefined && this.#isBefore(rightItem, leftItem) ? left + 1 : left;
      if (!this.#swapIfBefore(child, place)) return;
      place = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [below, above] = [this.#items[lower], this.#items[upper]];
    if (below === undefined || above === undefined || !this.#isBefore(below, above)) return false;
    this.#put(lower, above);
    this.#put(upper, below);
    return true;
  }
}
