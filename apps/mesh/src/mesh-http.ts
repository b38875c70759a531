import { startHttp, type HealthCheck, type HttpServer, type Registry, type Stoppable } from '@meshkeeper/telemetry';
import type { MeshSettings } from './settings.ts';

/** `http://host:port`; undefined when not wanted. */
export type MeshHttp = Stoppable & { readonly probes: string | undefined; readonly metrics: string | undefined };

/** The kubelet's probes and Prometheus' metrics, each on the port that the Deployment names. @throws when one is taken */
export async function startMeshHttp(settings: MeshSettings, registry: Registry, ready: HealthCheck): Promise<MeshHttp> {
  const { host, probePort, metricsPort } = settings;
  // A process that answers is alive: it depends on nothing else that a restart would mend.
  const checks = { host, registry, live: () => undefined, ready };
  const probes = probePort === undefined ? undefined : await startProbes(checks, probePort);
  const metrics =
    metricsPort === undefined
      ? undefined
      : await startMetrics(checks, metricsPort).catch(async (error: unknown) => {
          await probes?.stop();
          throw error;
        });
  return {
    probes: probes?.address,
    metrics: metrics?.address,
    stop: async () => {
      await Promise.all([probes?.stop(), metrics?.stop()]);
    },
  };
}

type Checks = {
  readonly host: string;
  readonly registry: Registry;
  readonly live: HealthCheck;
  readonly ready: HealthCheck;
};

function startProbes(checks: Checks, port: number): Promise<HttpServer> {
  return startHttp({
    ...checks,
    port,
    routes: async (app) => {
      app.get('/ready', async (_request, reply) => {
        const problem = checks.ready();
        await reply
          .code(problem === undefined ? 200 : 503)
          .type('text/plain')
          .send(problem ?? 'ok');
      });
      app.get('/live', async (_request, reply) => {
        await reply.type('text/plain').send('ok');
      });
    },
  });
}

function startMetrics(checks: Checks, port: number): Promise<HttpServer> {
  return startHttp({
    ...checks,
    port,
    routes: async (app) => {
      app.get('/', async (_request, reply) => {
        await reply.type(checks.registry.contentType).send(await checks.registry.metrics());
      });
    },
  });
}
