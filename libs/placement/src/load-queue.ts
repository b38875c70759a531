import { IndexedHeap } from './indexed-heap.ts';

/** After this many loads for requests in a row, one background load has its turn. */
const REQUESTS_IN_A_ROW = 3;

export type LoadCause =
  /** A caller waits for it. */
  | 'request'
  /** It is made ahead of time: a further copy, a drain, or free space. */
  | 'background';

export type QueuedLoad = {
  readonly id: string;
  readonly cause: LoadCause;
  /** Since when it waits in this class, epoch milliseconds. */
  readonly since: number;
};

type Placed = QueuedLoad & { readonly order: number };

function isBefore(left: Placed, right: Placed): boolean {
  return left.since === right.since ? left.order < right.order : left.since < right.since;
}

/**
 * Loads that wait for a slot of the runtime. Those that a caller waits for come first, and within each class the one that
 * has waited longest, so that in a burst no early one is overtaken by all later ones. A quarter of the slots is the
 * background's as long as both wait: a pod under constant requests still takes over what a draining one holds.
 */
export class LoadQueue {
  readonly #slots: number;
  readonly #requests = new IndexedHeap<Placed>(isBefore);
  readonly #background = new IndexedHeap<Placed>(isBefore);
  readonly #running = new Set<string>();
  #order = 0;
  #inARow = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Waiting and running: the `lInProg` of an instance record. */
  get inProgress(): number {
    return this.waiting + this.#running.size;
  }

  get waiting(): number {
    return this.#requests.size + this.#background.size;
  }

  has(id: string): boolean {
    return this.#running.has(id) || this.#requests.get(id) !== undefined || this.#background.get(id) !== undefined;
  }

  /** A request for a load that waits in the background moves it up, behind the requests that came before. */
  add(id: string, cause: LoadCause, now: number): void {
    if (this.#running.has(id) || this.#requests.get(id) !== undefined) return;
    if (cause === 'background' && this.#background.get(id) !== undefined) return;
    this.#background.delete(id);
    this.#order += 1;
    const queue = cause === 'request' ? this.#requests : this.#background;
    queue.set({ id, cause, since: now, order: this.#order });
  }

  /** The load whose turn it is; none while all slots are taken. */
  next(): QueuedLoad | undefined {
    if (this.#running.size >= this.#slots) return undefined;
    const background = this.#background.first();
    if (background !== undefined && this.#inARow >= REQUESTS_IN_A_ROW) return background;
    return this.#requests.first() ?? background;
  }

  /** Gives a waiting load a slot, until `end`. */
  start(id: string): void {
    const request = this.#requests.delete(id);
    const background = this.#background.delete(id);
    if (request === undefined && background === undefined) return;
    this.#inARow = request === undefined ? 0 : this.#inARow + 1;
    this.#running.add(id);
  }

  /** It is loaded, has failed, or is no longer wanted. */
  end(id: string): void {
    this.#running.delete(id);
    this.#requests.delete(id);
    this.#background.delete(id);
  }
}
