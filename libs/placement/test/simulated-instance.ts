import assert from 'node:assert/strict';
import {
  LoadQueue,
  ModelCache,
  SizePrediction,
  startLoads,
  type Eviction,
  type InstanceView,
  type LoadCause,
  type RuntimeLimits,
} from '../src/index.ts';
import type { SimulatedModel } from './traffic.ts';

const UNLOAD_MS = 500;

export type InstanceEvents = {
  readonly now: () => number;
  readonly model: (id: string) => SimulatedModel;
  readonly after: (ms: number, what: () => void) => void;
  /** The copy is gone, and why. */
  readonly gone: (model: SimulatedModel, instance: SimulatedInstance, why: 'evicted' | 'refused') => void;
  readonly loaded: (model: SimulatedModel, instance: SimulatedInstance) => void;
};

/** A pod: the cache, the queue and the sizes as an instance would use them, beside a runtime that obeys. */
export class SimulatedInstance {
  readonly id: string;
  readonly label: string;
  readonly zone: string;
  readonly cache: ModelCache;
  readonly #limits: RuntimeLimits;
  readonly #queue: LoadQueue;
  readonly #sizes: SizePrediction;
  readonly #events: InstanceEvents;
  /** Which of its loads counts, as a model may go and come again while one runs. */
  readonly #loads = new Map<string, number>();
  #begun = 0;
  /** True sizes of all that the runtime has in memory. */
  #inMemory = 0;
  mostInMemory = 0;
  draining = false;
  isGone = false;

  constructor(id: string, label: string, zone: string, limits: RuntimeLimits, events: InstanceEvents) {
    this.id = id;
    this.label = label;
    this.zone = zone;
    this.cache = new ModelCache(limits);
    this.#limits = limits;
    this.#queue = new LoadQueue(limits.threads);
    this.#sizes = new SizePrediction(limits.defaultUnits);
    this.#events = events;
  }

  view(): InstanceView {
    const { id, label, zone, draining, cache } = this;
    return {
      id,
      labels: [label],
      zone,
      node: id,
      draining,
      capacity: cache.effective,
      used: cache.used,
      oldestUse: cache.oldestUse,
      models: cache.size + this.#queue.waiting,
      threads: this.#limits.threads,
      loading: this.#queue.inProgress,
      rpm: 0,
    };
  }

  predict(type: string): number {
    return this.#sizes.predict(type).units;
  }

  load(model: SimulatedModel, cause: LoadCause): void {
    this.#queue.add(model.id, cause, this.#events.now());
    this.#startLoads();
  }

  /** The mesh no longer wants the copy. */
  drop(model: SimulatedModel): void {
    this.#queue.end(model.id);
    const removed = this.cache.remove(model.id);
    if (removed !== undefined) this.#unload(removed);
    this.#startLoads();
  }

  #startLoads(): void {
    const { now, model, gone } = this.#events;
    const describe = (id: string) => {
      const { type, lastUsed, isLoaded, trueUnits } = model(id);
      return { ...this.#sizes.predict(type, isLoaded ? { otherCopy: trueUnits } : {}), lastUsed };
    };
    for (const start of startLoads(this.#queue, this.cache, describe, now())) {
      if (start.kind === 'refused') gone(model(start.id), this, 'refused');
      else this.#evicted(start.evicted);
      if (start.kind === 'begin') this.#beginLoad(start.id);
    }
    for (const id of this.cache.takeReady()) this.#beginLoad(id);
    assert.ok(this.cache.used <= this.cache.effective, `${this.id} promised more than it has`);
  }

  #beginLoad(id: string): void {
    assert.ok(this.cache.held <= this.#limits.capacityUnits, `${this.id} began a load beyond its capacity`);
    const model = this.#events.model(id);
    this.#inMemory += model.trueUnits;
    this.mostInMemory = Math.max(this.mostInMemory, this.#inMemory);
    const load = (this.#begun += 1);
    this.#loads.set(id, load);
    this.#events.after(model.loadMs, () => {
      if (this.isGone || this.#loads.get(id) !== load || this.cache.get(id)?.state !== 'loading') return;
      this.#evicted(this.cache.loaded(id, model.trueUnits));
      this.#sizes.learn(model.type, model.trueUnits);
      this.#queue.end(id);
      // What turns out larger, and is itself the oldest, goes as soon as it has come.
      if (this.cache.get(id) !== undefined) this.#events.loaded(model, this);
      this.#startLoads();
    });
  }

  #evicted(evictions: readonly Eviction[]): void {
    for (const eviction of evictions) {
      assert.ok(eviction.lastUsed <= (this.cache.oldestUse ?? Infinity), 'an older model stayed');
      this.#events.gone(this.#events.model(eviction.id), this, 'evicted');
      this.#unload(eviction);
    }
  }

  #unload({ id, unload }: Eviction): void {
    if (unload === undefined) return;
    this.#events.after(UNLOAD_MS, () => {
      this.#inMemory -= this.#events.model(id).trueUnits;
      this.cache.unloaded(unload);
      if (!this.isGone) this.#startLoads();
    });
  }
}
