import { clientOf, model, type Client } from './inference.ts';
import type { Instance } from './mesh-fixture.ts';

export type Failed = { readonly modelId: string; readonly entry: string; readonly what: string; readonly at: number };

export type Slow = { readonly modelId: string; readonly ms: number; readonly at: number };

/** A stretch of time in which something may fail. */
type Spell = { readonly from: number; to: number };

/** Requests at a steady rate through instances that are thought well, and what became of those that nothing excuses. */
export type Traffic = {
  readonly counts: { sent: number; answered: number; excused: number };
  readonly failed: Failed[];
  /** The slowest answer. */
  slowest(): Slow;
  add(instance: Instance): void;
  /** It is about to be killed or frozen: what is under way through it may be lost. */
  remove(instance: Instance): void;
  /** No new requests go there, as endpoints do it; those under way have to be answered. */
  spare(instance: Instance): void;
  /** Models that are not loaded cannot be served during the outage. */
  etcdAway(): () => void;
  stop(): Promise<void>;
};

export type TrafficOptions = {
  readonly models: readonly string[];
  readonly perSecond: number;
  readonly random: () => number;
};

/** A few models have most of the requests. */
function pickModel({ models, random }: TrafficOptions): string {
  return models[Math.floor(models.length * random() ** 3)] ?? '';
}

export function startTraffic(options: TrafficOptions): Traffic {
  const clients = new Map<string, Client>();
  const running = new Set<Promise<void>>();
  const lost = new Set<string>();
  const outages: Spell[] = [];
  const failed: Failed[] = [];
  const counts = { sent: 0, answered: 0, excused: 0 };
  let slowest: Slow = { modelId: '', ms: 0, at: 0 };

  const isExcused = (entry: string, began: number, what: string): boolean => {
    if (lost.has(entry)) return true;
    const ended = performance.now();
    const duringOutage = outages.some(({ from, to }) => began < to + 5_000 && ended > from);
    return duringOutage && /etcd cannot be reached/.test(what);
  };
  const ask = async (): Promise<void> => {
    const entries = [...clients];
    const [entry, client] = entries[Math.floor(options.random() * entries.length)] ?? [];
    if (entry === undefined || client === undefined) return;
    const modelId = pickModel(options);
    const began = performance.now();
    counts.sent += 1;
    const answer = await client.predict(model(modelId), { timeoutMs: 30_000 });
    if (typeof answer === 'object') {
      counts.answered += 1;
      if (!lost.has(entry) && answer.ms > slowest.ms) slowest = { modelId, ms: Math.round(answer.ms), at: Date.now() };
    } else if (isExcused(entry, began, answer)) counts.excused += 1;
    else failed.push({ modelId, entry, what: answer, at: began });
  };
  const timer = setInterval(() => {
    const one = ask().finally(() => running.delete(one));
    running.add(one);
  }, 1_000 / options.perSecond);
  return {
    counts,
    failed,
    slowest: () => slowest,
    add: (instance) => {
      lost.delete(instance.iid);
      clients.set(instance.iid, clientOf(instance));
    },
    remove: ({ iid }) => {
      lost.add(iid);
      clients.delete(iid);
    },
    spare: ({ iid }) => {
      clients.delete(iid);
    },
    etcdAway: () => {
      const spell: Spell = { from: performance.now(), to: Infinity };
      outages.push(spell);
      return () => {
        spell.to = performance.now();
      };
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
      for (const client of clients.values()) client.close();
    },
  };
}
