import { createSelfSigned } from '@meshkeeper/certificates';
import { startHttp, type HealthCheck, type HttpServer, type HttpTls, type Stoppable } from '@meshkeeper/process';
import type { Registry } from '@meshkeeper/metrics';
import type { MeshSettings, MetricsSettings } from '../settings/settings.ts';
import type { TlsIdentity } from '../presence/tls-identity.ts';

/** `http(s)://host:port`; undefined when not wanted. */
export type MeshHttp = Stoppable & { readonly probes: string | undefined; readonly metrics: string | undefined };

/** The kubelet's probes and Prometheus' metrics, each on the port that the Deployment names. @throws when one is taken */
export async function startMeshHttp(
  settings: MeshSettings,
  registry: Registry,
  ready: HealthCheck,
  identity: TlsIdentity | undefined,
): Promise<MeshHttp> {
  const { host, probePort } = settings;
  // A process that answers is alive: it depends on nothing else that a restart would fix.
  const checks = { host, registry, live: () => undefined, ready };
  const probes = probePort === undefined ? undefined : await startProbes(checks, probePort);
  const metrics =
    settings.metrics === undefined
      ? undefined
      : await startMetrics(checks, settings, settings.metrics, identity).catch(async (error: unknown) => {
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

async function startMetrics(
  checks: Checks,
  { podAddress }: MeshSettings,
  { port, scheme }: MetricsSettings,
  identity: TlsIdentity | undefined,
): Promise<HttpServer> {
  const server = await startHttp({
    ...checks,
    port,
    ...(scheme === 'https' && { tls: identity === undefined ? selfSigned(podAddress) : pairOf(identity) }),
    routes: async (app) => {
      app.get('/', async (_request, reply) => {
        await reply.type(checks.registry.contentType).send(await checks.registry.metrics());
      });
    },
  });
  if (scheme === 'https') identity?.onChange(() => server.renewTls(pairOf(identity)));
  return server;
}

function pairOf(identity: TlsIdentity): HttpTls {
  const { key, cert, passphrase } = identity.toClients();
  return { key, cert, ...(passphrase !== undefined && { passphrase }) };
}

/** Prometheus is configured not to verify it: it only protects against eavesdropping. */
function selfSigned(address: string): HttpTls {
  const request = { commonName: 'modelmesh', usage: 'server', hosts: [address] } as const;
  const { certificate: cert, key } = createSelfSigned(request, new Date());
  return { cert, key };
}
