import { Counter, type Registry } from 'prom-client';

/** Calls to the API server under client-go's name. */
export function createRestClientMetrics(registry: Registry): { answered(method: string, code: string): void } {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Calls to the API server by method and HTTP status',
    labelNames: ['method', 'code'],
    registers: [registry],
  });
  return { answered: (method, code) => requests.inc({ method, code }) };
}
