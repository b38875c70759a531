/**
 * Steps 1 and 2 for Kubernetes: watches each kind and records what it sees. It knows no rules. Two of it run side by side in
 * production; whichever is faster records, the other finds everything known.
 */
import { watchedKinds, type ParsedConfig, type SourceFeed } from '@meshkeeper/domain';
import {
  createConfigurationReader,
  createKubeFeed,
  kubeAccess,
  KubeTransport,
  observeConfiguration,
  type WatchContext,
} from '@meshkeeper/kubernetes';
import { startRecorder } from '@meshkeeper/event-log';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import {
  createAddsMetric,
  createConfigurationMetrics,
  createRegistry,
  createRestClientMetrics,
  createSourceMetrics,
  type ConfigurationMetrics,
  type SourceMetrics,
} from '@meshkeeper/metrics';
import { createLogger, runProcess, startHttp, type Stoppable } from '@meshkeeper/process';
import { createDueQueue, QUEUE_NAMES } from '@meshkeeper/work-queue';
import { settingsSchema, type Settings } from './settings.ts';

/** A source that says nothing for so long is wedged: bookmarks come about once a minute. */
const WEDGED_AFTER_SECONDS = 180;

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('kube-watcher', settings.LOG_LEVEL);

async function start({ HTTP_HOST, HTTP_PORT, REDIS_PREFIX, KUBECONFIG, KUBE_CONTEXT }: Settings): Promise<Stoppable> {
  const registry = createRegistry();
  const metrics = createSourceMetrics(registry);
  const added = createAddsMetric(registry, QUEUE_NAMES.main);
  const transport = new KubeTransport({
    access: kubeAccess({ file: KUBECONFIG, context: KUBE_CONTEXT }),
    observer: createRestClientMetrics(registry),
  });
  const feeds = openFeeds(settings, transport, createConfigurationMetrics(registry));
  const recording = startRecorder({
    redis: redisOptions(settings),
    prefix: REDIS_PREFIX,
    queueName: QUEUE_NAMES.main,
    openQueue: (redis) => createDueQueue({ redis, prefix: REDIS_PREFIX, added }),
    feeds,
    observer: metrics,
    logger,
  });
  const sources = feeds.map(({ source }) => source);
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry,
    live: () => sources.filter((source) => isWedged(metrics, source)).map((source) => `${source} is silent`)[0],
    ready: () => recording.problem(),
  }).catch(async (error: unknown) => {
    await recording.stop();
    throw error;
  });
  logger.info({ address: http.address, sources }, 'Watching');
  return {
    async stop() {
      await recording.stop();
      await Promise.all([transport.stop(), http.stop()]);
    },
  };
}

/** One source for each kind. That of the configuration also says in the log and the metrics what is wrong with it. */
function openFeeds(
  { NAMESPACE, NAMESPACE_SCOPE, ETCD_SECRET_NAME }: Settings,
  transport: KubeTransport,
  configuration: ConfigurationMetrics,
): readonly SourceFeed[] {
  const readConfiguration = createConfigurationReader(transport, NAMESPACE);
  const context: WatchContext = {
    ownNamespace: NAMESPACE,
    namespaceScope: NAMESPACE_SCOPE,
    etcdSecretName: ETCD_SECRET_NAME,
    storageSecretName: async () => (await readConfiguration()).storageSecretName,
  };
  const report = (parsed: ParsedConfig | undefined): void => {
    const problems = parsed?.kind === 'bad' ? parsed.problems : [];
    const warnings = parsed?.kind === 'ok' ? parsed.warnings : [];
    configuration.seen(problems.length, warnings.length);
    if (problems.length > 0) logger.warn({ problems }, 'The configuration is wrong; the last good one stays in force');
    if (warnings.length > 0) logger.warn({ warnings }, 'The configuration may not be what is meant');
  };
  return watchedKinds(NAMESPACE_SCOPE).map((kind) => {
    const feed = createKubeFeed({ transport, kind, context });
    return kind === 'config' ? observeConfiguration(feed, report) : feed;
  });
}

function isWedged(metrics: SourceMetrics, source: string): boolean {
  const staleness = metrics.staleness(source);
  return staleness > WEDGED_AFTER_SECONDS && staleness !== Infinity && metrics.blockedBy(source) === undefined;
}

await runProcess(logger, () => start(settings));
