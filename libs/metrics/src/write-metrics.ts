import { Counter, type Registry } from 'prom-client';

export type WriteMetrics = {
  wrote(kind: string, reason: string): void;
  failed(kind: string, reason: string, code: string): void;
  /** A run that could not want, or do, all that it is for. */
  blocked(kind: string, reason: string): void;
};

/** Every write that leaves this process, by what was written and why. At rest nothing here moves. */
export function createWriteMetrics(registry: Registry): WriteMetrics {
  const writes = new Counter({
    name: 'meshkeeper_writes_total',
    help: 'Writes by kind and reason',
    labelNames: ['kind', 'reason'],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'meshkeeper_write_failures_total',
    help: 'Failed writes by kind, reason and the code of the failure',
    labelNames: ['kind', 'reason', 'code'],
    registers: [registry],
  });
  const blocked = new Counter({
    name: 'meshkeeper_hindered_runs_total',
    help: 'Runs that something stood in the way of, by kind of key and reason',
    labelNames: ['kind', 'reason'],
    registers: [registry],
  });
  return {
    wrote: (kind, reason) => writes.inc({ kind, reason }),
    failed: (kind, reason, code) => failures.inc({ kind, reason, code }),
    blocked: (kind, reason) => blocked.inc({ kind, reason }),
  };
}
