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

/** What a watcher counts, by source. */
export function createSourceMetrics(registry: Registry, now: () => number = Date.now): SourceMetrics {
  const registers = [registry];
  const aliveAt = new Map<string, number>();
  const blocked = new Map<string, string>();
  const age = (source: string): number => (now() - (aliveAt.get(source) ?? Number.NEGATIVE_INFINITY)) / 1_000;
  const changes = new Counter({
    name: 'meshkeeper_source_changes_total',
    help: 'Changes seen, by source and by whether they were new or known already',
    labelNames: ['source', 'result'],
    registers,
  });
  const lists = new Counter({ name: 'meshkeeper_source_lists_total', help: 'Lists recorded whole', labelNames: ['source'], registers });
  const objects = new Gauge({ name: 'meshkeeper_source_objects', help: 'Objects in the last list', labelNames: ['source'], registers });
  const errors = new Counter({ name: 'meshkeeper_source_errors_total', help: 'Failures while watching or recording', labelNames: ['source', 'reason'], registers });
  const blockedGauge = new Gauge({
    name: 'meshkeeper_source_blocked',
    help: '1 while a source records nothing, by reason',
    labelNames: ['source', 'reason'],
    registers,
  });
  new Gauge({
    name: 'meshkeeper_source_staleness_seconds',
    help: 'Time since the server of a source last said anything',
    labelNames: ['source'],
    registers,
    collect() {
      for (const source of aliveAt.keys()) this.set({ source }, age(source));
    },
  });
  const unblock = (source: string): void => {
    const reason = blocked.get(source);
    if (reason === undefined) return;
    blocked.delete(source);
    blockedGauge.remove({ source, reason });
  };
  return {
    recorded(source, seen, fresh) {
      changes.inc({ source, result: 'recorded' }, fresh);
      changes.inc({ source, result: 'known' }, Math.max(0, seen - fresh));
      unblock(source);
    },
    listed(source, count) {
      lists.inc({ source });
      objects.set({ source }, count);
      unblock(source);
    },
    failed(source, reason) {
      errors.inc({ source, reason });
      unblock(source);
      blocked.set(source, reason);
      blockedGauge.set({ source, reason }, 1);
    },
    alive(source) {
      aliveAt.set(source, now());
    },
    staleness: age,
    blockedBy: (source) => blocked.get(source),
  };
}
