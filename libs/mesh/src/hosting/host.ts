import { messageOf } from '@meshkeeper/domain';
import {
  LoadQueue,
  ModelCache,
  SizePrediction,
  startLoads,
  toUnits,
  type Arrival,
  type Eviction,
  type LoadCause,
  type LoadStart,
} from '@meshkeeper/placement';
import type { MeshMetrics } from '../metrics/metrics.ts';
import { isServerGone } from '../runtime/load-failure.ts';
import type { ModelRuntime, RuntimeModel } from '../runtime/model-runtime.ts';
import { ownLimits, summarise, type HostSummary } from '../rules/host-limits.ts';
import { refusalMessage, tooLargeMessage } from './refusals.ts';

export type HostedModel = RuntimeModel & { readonly lastUsed: number };

export type LoadEnd =
  | { readonly kind: 'loaded'; readonly at: number; readonly maxConcurrency: number }
  | { readonly kind: 'failed'; readonly message: string };

export type HostOptions = {
  readonly runtime: ModelRuntime;
  readonly now: () => number;
  readonly metrics: MeshMetrics;
  /** A load that found no place here has failed, too. */
  readonly ended: (id: string, end: LoadEnd) => void;
  /** It has lost its place. Resolves once no call uses it any more. */
  readonly evicted: (id: string, lastUsed: number) => Promise<void>;
  /** The runtime does not answer at all: nothing is known of any model. */
  readonly runtimeLost: () => void;
  /** The summary changed. */
  readonly changed: () => void;
};

type Load = {
  readonly model: HostedModel;
  /** Once it has begun: thousands may wait. */
  abort?: AbortController;
  readonly queuedAt: number;
  /** Predicted by the runtime. */
  readonly units: number | undefined;
  timer?: NodeJS.Timeout;
};

/** A load that was promised space waits so long for the unloads that make it; as the original. */
const WAIT_FOR_SPACE_MS = 180_000;

/** What the runtime beside us holds: the cache decides what stays, the queue what is loaded next, and both learn the outcome. */
export class Host {
  readonly #options: HostOptions;
  readonly #cache: ModelCache;
  readonly #queue: LoadQueue;
  readonly #sizes: SizePrediction;
  /** Queued or under way. */
  readonly #loads = new Map<string, Load>();
  /** Models whose last calls still run. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: HostOptions) {
    const limits = ownLimits(options.runtime.facts);
    this.#options = options;
    this.#cache = new ModelCache(limits);
    this.#queue = new LoadQueue(limits.threads);
    this.#sizes = new SizePrediction(limits.defaultUnits);
  }

  summary(): HostSummary {
    return summarise(this.#cache, this.#queue);
  }

  /** How large the model is, or one of its type will be, in units. */
  units(id: string, type: string): number {
    return this.#cache.get(id)?.units ?? this.#sizes.predict(type).units;
  }

  add(model: HostedModel, cause: LoadCause): void {
    const { runtime } = this.#options;
    if (runtime.supportsSizePrediction()) void this.#addWithPrediction(model, cause);
    else this.#enqueue(model, cause, undefined);
  }

  /** Called when a request waits for a load that may be queued. */
  demand(id: string): void {
    if (this.#queue.has(id)) this.#queue.add(id, 'request', this.#options.now());
  }

  touch(id: string, lastUsed: number): void {
    this.#cache.touch(id, lastUsed);
  }

  /** No longer wanted, loaded or not. It is unloaded once `idle` resolves. */
  drop(id: string, idle: Promise<void>): void {
    this.#loads.get(id)?.abort?.abort();
    this.#forget(id);
    const eviction = this.#cache.remove(id);
    if (eviction !== undefined) this.#leave(eviction, idle);
    this.#pump();
  }

  /** The runtime has it no more: there is nothing to unload. */
  lost(id: string): void {
    this.#loads.get(id)?.abort?.abort();
    this.#release(id);
    this.#pump();
  }

  stop(): void {
    for (const { abort } of this.#loads.values()) abort?.abort();
    for (const id of this.#loads.keys()) this.#forget(id);
  }

  async #addWithPrediction(model: HostedModel, cause: LoadCause): Promise<void> {
    const load = this.#remember(model, undefined);
    const bytes = await this.#options.runtime.predictSize(model);
    if (this.#loads.get(model.id) === load)
      this.#enqueue(model, cause, bytes === undefined ? undefined : toUnits(bytes));
  }

  #enqueue(model: HostedModel, cause: LoadCause, units: number | undefined): void {
    this.#remember(model, units);
    this.#queue.add(model.id, cause, this.#options.now());
    this.#pump();
  }

  #remember(model: HostedModel, units: number | undefined): Load {
    const load: Load = { model, units, queuedAt: performance.now() };
    this.#loads.set(model.id, load);
    return load;
  }

  #describe(id: string): Omit<Arrival, 'id'> {
    const load = this.#loads.get(id);
    const { type = '', lastUsed = 0 } = load?.model ?? {};
    return { ...this.#sizes.predict(type, { runtime: load?.units }), lastUsed };
  }

  #pump(): void {
    const describe = (id: string): Omit<Arrival, 'id'> => this.#describe(id);
    for (const start of startLoads(this.#queue, this.#cache, describe, this.#options.now())) this.#follow(start);
    for (const id of this.#cache.takeReady()) this.#begin(id);
    this.#options.changed();
  }

  #follow(start: LoadStart): void {
    const { id } = start;
    if (start.kind === 'refused') {
      const message = refusalMessage(start.reason, id, this.#cache, this.#describe(id).units);
      this.#forget(id);
      this.#options.ended(id, { kind: 'failed', message });
      return;
    }
    for (const eviction of start.evicted) this.#evict(eviction);
    if (start.kind === 'begin') this.#begin(id);
    else this.#giveUpInTime(id);
  }

  #giveUpInTime(id: string): void {
    const load = this.#loads.get(id);
    if (load === undefined) return;
    load.timer = setTimeout(() => {
      const message = `Nothing made space for model ${id} within ${WAIT_FOR_SPACE_MS / 1_000} s`;
      this.#fail(id, message);
      this.#pump();
    }, WAIT_FOR_SPACE_MS);
  }

  #begin(id: string): void {
    const load = this.#loads.get(id);
    if (load === undefined) return;
    clearTimeout(load.timer);
    load.abort = new AbortController();
    this.#options.metrics.loadQueued(performance.now() - load.queuedAt);
    void this.#carryOut(load, load.abort.signal);
  }

  async #carryOut(load: Load, signal: AbortSignal): Promise<void> {
    const { runtime, metrics, now, ended } = this.#options;
    const { id } = load.model;
    const isStill = (): boolean => this.#loads.get(id) === load;
    await this.#leaving.get(id);
    if (!isStill()) return;
    const began = performance.now();
    try {
      const { sizeBytes, maxConcurrency } = await runtime.load(load.model, signal);
      if (!isStill()) return;
      metrics.loadEnded('loaded', performance.now() - began);
      if (toUnits(sizeBytes) > this.#cache.effective) return this.#tooLarge(load, sizeBytes);
      ended(id, { kind: 'loaded', at: now(), maxConcurrency });
      const bytes = sizeBytes > 0 ? sizeBytes : await this.#measure(id);
      if (isStill()) this.#settle(load, bytes);
    } catch (error) {
      if (!isStill()) return;
      if (isServerGone(error)) return this.#options.runtimeLost();
      metrics.loadEnded('failed', performance.now() - began);
      this.#fail(id, messageOf(error));
    }
    this.#pump();
  }

  /** It serves already; its slot is free once its size is known, or guesses would fill the cache. */
  async #measure(id: string): Promise<number | undefined> {
    const began = performance.now();
    const bytes = await this.#options.runtime.size(id);
    this.#options.metrics.sized(performance.now() - began);
    return bytes;
  }

  #settle(load: Load, bytes: number | undefined): void {
    const { model } = load;
    const predicted = this.units(model.id, model.type);
    const units = bytes === undefined ? predicted : toUnits(bytes);
    if (units > this.#cache.effective) return this.#tooLarge(load, bytes ?? 0);
    if (bytes !== undefined) {
      this.#sizes.learn(model.type, units);
      this.#options.metrics.modelLoaded(bytes);
    }
    this.#forget(model.id);
    for (const eviction of this.#cache.loaded(model.id, units)) this.#evict(eviction);
  }

  /** It would be evicted as soon as it had come, again and again. */
  #tooLarge({ model }: Load, bytes: number): void {
    const { id, lastUsed } = model;
    const message = tooLargeMessage(`Size of model ${id}`, bytes, this.#cache.effective);
    this.#forget(id);
    const eviction = this.#cache.remove(id);
    const idle = this.#options.evicted(id, lastUsed);
    if (eviction !== undefined) this.#leave(eviction, idle);
    this.#options.ended(id, { kind: 'failed', message });
    this.#pump();
  }

  #forget(id: string): void {
    clearTimeout(this.#loads.get(id)?.timer);
    this.#loads.delete(id);
    this.#queue.end(id);
  }

  /** `runtime.load` itself makes the runtime release what a failed load left. */
  #fail(id: string, message: string): void {
    this.#release(id);
    this.#options.ended(id, { kind: 'failed', message });
  }

  #release(id: string): void {
    this.#forget(id);
    const eviction = this.#cache.remove(id);
    if (eviction?.unload !== undefined) this.#cache.unloaded(eviction.unload);
  }

  #evict(eviction: Eviction): void {
    const { metrics, now, evicted } = this.#options;
    metrics.evicted(now() - eviction.lastUsed);
    this.#leave(eviction, evicted(eviction.id, eviction.lastUsed));
  }

  /** A model that is loaded again waits only until the unload was requested: the runtime works in order. */
  #leave({ id, unload }: Eviction, idle: Promise<void>): void {
    if (unload === undefined) return;
    const asked = Promise.all([this.#leaving.get(id), idle]).then(() => void this.#unload(id, unload));
    this.#leaving.set(id, asked);
    void asked.finally(() => this.#leaving.get(id) === asked && this.#leaving.delete(id));
  }

  async #unload(id: string, unload: number): Promise<void> {
    const { runtime, metrics } = this.#options;
    const began = performance.now();
    const outcome = await runtime.unload(id);
    metrics.unloadEnded(outcome, performance.now() - began);
    this.#cache.unloaded(unload);
    this.#pump();
  }
}
