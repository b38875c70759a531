import { collectDefaultMetrics, Registry } from 'prom-client';

export type { Registry };

/** A registry with Node's own metrics in it. One for each process. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
