import { Counter, Gauge, type Registry } from 'prom-client';

export type SourceMetrics = {
  recorded(source: string, changes: number, fresh: number): void;
  listed(source: string, objects: number): void;
  failed(source: string, reason: string): void;
  alive(source: string): void;
  /** Seconds since the server of this source last said anything; Infinity before the first word. */
  staleness(source: string): number;
  /** Why a source records nothing at present, in one word; undefined while it works. */
  blockedBy(source: string): string | undefined;
};

type Blocked = {
  set(source: string, reason: string): void;
  clear(source: string): void;
  reason(source: string): string | undefined;
};

/** What a watcher counts, by source. */
export function createSourceMetrics(registry: Registry, now: () => number = Date.now): SourceMetrics {
  const count = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const changes = count(
    'meshkeeper_source_changes_total',
    'Changes seen, by source and by whether they were new or known',
    ['source', 'result'],
  );
  const lists = count('meshkeeper_source_lists_total', 'Lists recorded whole', ['source']);
  const errors = count('meshkeeper_source_errors_total', 'Failures while watching or recording', ['source', 'reason']);
  const objects = new Gauge({
    name: 'meshkeeper_source_objects',
    help: 'Objects in the last list',
    labelNames: ['source'],
    registers: [registry],
  });
  const blocked = createBlocked(registry);
  const aliveAt = createStaleness(registry, now);
  return {
    recorded(source, seen, fresh) {
      changes.inc({ source, result: 'recorded' }, fresh);
      changes.inc({ source, result: 'known' }, Math.max(0, seen - fresh));
      blocked.clear(source);
    },
    listed(source, listed) {
      lists.inc({ source });
      objects.set({ source }, listed);
      blocked.clear(source);
    },
    failed(source, reason) {
      errors.inc({ source, reason });
      blocked.set(source, reason);
    },
    alive: (source) => aliveAt.touch(source),
    staleness: (source) => aliveAt.age(source),
    blockedBy: (source) => blocked.reason(source),
  };
}

function createBlocked(registry: Registry): Blocked {
  const reasons = new Map<string, string>();
  const gauge = new Gauge({
    name: 'meshkeeper_source_blocked',
    help: '1 while a source records nothing, by reason',
    labelNames: ['source', 'reason'],
    registers: [registry],
  });
  const clear = (source: string): void => {
    const reason = reasons.get(source);
    if (reason !== undefined) gauge.remove({ source, reason });
    reasons.delete(source);
  };
  return {
    set(source, reason) {
      clear(source);
      reasons.set(source, reason);
      gauge.set({ source, reason }, 1);
    },
    clear,
    reason: (source) => reasons.get(source),
  };
}

function createStaleness(
  registry: Registry,
  now: () => number,
): { touch(source: string): void; age(source: string): number } {
  const aliveAt = new Map<string, number>();
  const age = (source: string): number => (now() - (aliveAt.get(source) ?? Number.NEGATIVE_INFINITY)) / 1_000;
  const gauge = new Gauge({
    name: 'meshkeeper_source_staleness_seconds',
    help: 'Time since the server of a source last said anything',
    labelNames: ['source'],
    registers: [],
    collect() {
      for (const source of aliveAt.keys()) this.set({ source }, age(source));
    },
  });
  registry.registerMetric(gauge);
  return { touch: (source) => aliveAt.set(source, now()), age };
}
