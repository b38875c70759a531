import { churnAgeMs, effectiveCapacity, fullBelow, type RuntimeLimits } from './capacity.ts';
import type { Admission, Arrival, CacheEntry, Eviction } from './cache-entry.ts';
import { IndexedHeap } from './indexed-heap.ts';
import { RuntimeMemory } from './runtime-memory.ts';

function isOlder(left: Arrival, right: Arrival): boolean {
  return left.lastUsed === right.lastUsed ? left.id < right.id : left.lastUsed < right.lastUsed;
}

/**
 * What one instance holds, and what has to go for what is to come. Ordered by last use, of equal ones the lower id first.
 * Only loaded models are evicted: a running load has a caller waiting, and its size is only predicted.
 */
export class ModelCache {
  readonly limits: RuntimeLimits;
  readonly effective: number;
  readonly #entries = new Map<string, CacheEntry>();
  readonly #loaded = new IndexedHeap<CacheEntry>(isOlder);
  readonly #waiting = new Set<string>();
  readonly #memory: RuntimeMemory;
  #used = 0;
  /** Loads not ended whose size is a guess. */
  #guesses = 0;

  constructor(limits: RuntimeLimits) {
    this.limits = limits;
    this.effective = effectiveCapacity(limits);
    this.#memory = new RuntimeMemory(limits.capacityUnits);
  }

  /** Units that models have or are promised; never more than `effective`. */
  get used(): number {
    return this.#used;
  }

  get free(): number {
    return this.effective - this.#used;
  }

  /** Models that are loaded, load, or are about to. */
  get size(): number {
    return this.#entries.size;
  }

  get isFull(): boolean {
    return this.free < fullBelow(this.limits);
  }

  /** Units that the runtime has in memory as far as we know, those on their way out included. */
  get held(): number {
    return this.#memory.held;
  }

  /** When the least recently used model was used. */
  get oldestUse(): number | undefined {
    return this.#loaded.first()?.lastUsed;
  }

  get(id: string): CacheEntry | undefined {
    return this.#entries.get(id);
  }

  /** A load wants to start. A load that is only queued must not be added here: it takes no space. */
  admit(model: Arrival, now: number): Admission {
    if (this.#entries.has(model.id)) return { kind: 'refused', reason: 'present' };
    if (model.units > this.effective) return { kind: 'refused', reason: 'too-large' };
    const missing = model.units - this.free;
    if (missing > 0) {
      const refusal = this.#whyNotEvict(model, missing, now);
      if (refusal !== undefined) return this.#guesses > 0 ? { kind: 'later' } : { kind: 'refused', reason: refusal };
    }
    const evicted = this.#evictFor(missing);
    const begins = this.#waiting.size === 0 && this.#memory.canBegin(model);
    this.#enter({ ...model, state: begins ? 'loading' : 'waiting' });
    return { kind: begins ? 'begin' : 'wait', evicted };
  }

  /** Waiting loads for which there is space now. None overtakes another, so that a large one gets its turn. */
  takeReady(): readonly string[] {
    const ready: string[] = [];
    for (const id of this.#waiting) {
      const entry = this.#entries.get(id);
      if (entry === undefined || !this.#memory.canBegin(entry)) break;
      this.#waiting.delete(id);
      this.#memory.begin(entry);
      this.#entries.set(id, { ...entry, state: 'loading' });
      ready.push(id);
    }
    return ready;
  }

  /**
   * The load has ended well, or the size is known better. Evicts what no longer fits; that is the model itself when it is the
   * oldest, and alone when it never can fit.
   */
  loaded(id: string, units: number): readonly Eviction[] {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state === 'waiting') return [];
    const loaded: CacheEntry = { id, units, lastUsed: entry.lastUsed, state: 'loaded' };
    this.#memory.settle(entry, units);
    this.#guesses -= entry.isGuess === true ? 1 : 0;
    this.#used += units - entry.units;
    this.#entries.set(id, loaded);
    this.#loaded.set(loaded);
    if (units > this.effective) return [this.#drop(loaded)];
    return this.#evictFor(-this.free);
  }

  /** A use never makes a model older. */
  touch(id: string, lastUsed: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.lastUsed >= lastUsed) return;
    const touched = { ...entry, lastUsed };
    this.#entries.set(id, touched);
    if (entry.state === 'loaded') this.#loaded.set(touched);
  }

  /** No longer wanted here, or its load failed. */
  remove(id: string): Eviction | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : this.#drop(entry);
  }

  /** The runtime has let go of an evicted model: only now its bytes are free. */
  unloaded(unload: number): void {
    this.#memory.unloaded(unload);
  }

  /** Nothing goes that was used more recently than what comes, and nothing at all while the oldest is still young. */
  #whyNotEvict(model: Arrival, missing: number, now: number): 'newer-models' | 'churn' | undefined {
    const older: CacheEntry[] = [];
    let room = 0;
    for (let next = this.#loaded.first(); next !== undefined && room < missing; next = this.#loaded.first()) {
      if (next.lastUsed > model.lastUsed) break;
      this.#loaded.takeFirst();
      older.push(next);
      room += next.units;
    }
    for (const entry of older) this.#loaded.set(entry);
    if (room < missing) return 'newer-models';
    const isYoung = now - (this.oldestUse ?? 0) < churnAgeMs(this.limits.loadTimeoutMs);
    return isYoung ? 'churn' : undefined;
  }

  #evictFor(missing: number): readonly Eviction[] {
    const evicted: Eviction[] = [];
    for (let room = 0; room < missing; room += evicted.at(-1)?.units ?? 0) {
      const oldest = this.#loaded.first();
      if (oldest === undefined) break;
      evicted.push(this.#drop(oldest));
    }
    return evicted;
  }

  #enter(entry: CacheEntry): void {
    this.#entries.set(entry.id, entry);
    this.#used += entry.units;
    this.#guesses += entry.isGuess === true ? 1 : 0;
    if (entry.state === 'waiting') this.#waiting.add(entry.id);
    else this.#memory.begin(entry);
  }

  #drop(entry: CacheEntry): Eviction {
    const { id, units, lastUsed, state, isGuess } = entry;
    this.#entries.delete(id);
    this.#loaded.delete(id);
    this.#waiting.delete(id);
    this.#used -= units;
    this.#guesses -= isGuess === true ? 1 : 0;
    const eviction = { id, units, lastUsed };
    return state === 'waiting' ? eviction : { ...eviction, unload: this.#memory.unload(entry) };
  }
}
