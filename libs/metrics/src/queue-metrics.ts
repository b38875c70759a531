import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type QueueMetrics = {
  started(controller: string, key: string, waitedSeconds: number | undefined): void;
  finished(
    controller: string,
    key: string,
    result: string,
    seconds: number,
    convergedSeconds: number | undefined,
  ): void;
  retried(controller: string, terminal: boolean): void;
  /** Due keys that no job stood for. */
  swept(keys: number): void;
  queueError(): void;
};

export type QueueReadings = { readonly dueKeys: number; readonly oldestDueSeconds: number; readonly waiting: number };

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Metrics of the work queue under the names that client-go and controller-runtime made known, so that existing dashboards work, and
 * some of our own. `read` is asked at each scrape; what it cannot read keeps its last value.
 */
export function createQueueMetrics(
  registry: Registry,
  queue: string,
  concurrency: number,
  read: () => Promise<QueueReadings>,
): QueueMetrics {
  const name = { name: queue };
  const running = new Map<string, number>();
  const { retries, reconciles, errors, terminal, swept, queueErrors } = createCounters(registry);
  const { queued, worked, times, converged } = createHistograms(registry);
  registerReadings(registry, queue, concurrency, running, read);
  return {
    started(_controller, key, waitedSeconds) {
      running.set(key, performance.now());
      if (waitedSeconds !== undefined) queued.observe(name, waitedSeconds);
    },
    finished(controller, key, result, seconds, convergedSeconds) {
      running.delete(key);
      worked.observe(name, seconds);
      times.observe({ controller }, seconds);
      reconciles.inc({ controller, result });
      if (result === 'error') errors.inc({ controller });
      if (convergedSeconds !== undefined) converged.observe({ controller }, convergedSeconds);
    },
    retried(controller, isTerminal) {
      retries.inc(name);
      if (isTerminal) terminal.inc({ controller });
    },
    swept: (keys) => swept.inc(keys),
    queueError: () => queueErrors.inc(),
  };
}

function createCounters(registry: Registry) {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  return {
    retries: counter('workqueue_retries_total', 'Keys put back after a failed run', ['name']),
    reconciles: counter('controller_runtime_reconcile_total', 'Runs by controller and result', [
      'controller',
      'result',
    ]),
    errors: counter('controller_runtime_reconcile_errors_total', 'Failed runs', ['controller']),
    terminal: counter('controller_runtime_terminal_reconcile_errors_total', 'Runs failed until something changes', [
      'controller',
    ]),
    swept: counter('meshkeeper_swept_keys_total', 'Due keys that no job stood for, found by the sweeper', []),
    queueErrors: counter('meshkeeper_queue_errors_total', 'Errors of the queue itself', []),
  };
}

function createHistograms(registry: Registry) {
  const histogram = (name: string, help: string, labelNames: string[]) =>
    new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [registry] });
  return {
    queued: histogram('workqueue_queue_duration_seconds', 'From the first mark of a key to the start of its run', [
      'name',
    ]),
    worked: histogram('workqueue_work_duration_seconds', 'Time of one run', ['name']),
    times: histogram('controller_runtime_reconcile_time_seconds', 'Time of one run', ['controller']),
    converged: histogram(
      'meshkeeper_event_to_converged_seconds',
      'From the first mark of a key to the end of the run that satisfied it',
      ['controller'],
    ),
  };
}

/** Gauges that are read at the scrape. prom-client asks each metric to collect itself; the first of these sets the others. */
function registerReadings(
  registry: Registry,
  queue: string,
  concurrency: number,
  running: ReadonlyMap<string, number>,
  read: () => Promise<QueueReadings>,
): void {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const name = { name: queue };
  const refresh = async (): Promise<void> => {
    const ages = [...running.values()].map((since) => (performance.now() - since) / 1_000);
    unfinished.set(
      name,
      ages.reduce((sum, age) => sum + age, 0),
    );
    longest.set(name, Math.max(0, ...ages));
    const readings = await read();
    depth.set(name, readings.waiting);
    due.set(readings.dueKeys);
    oldest.set(readings.oldestDueSeconds);
  };
  const scrape = new Gauge({
    name: 'meshkeeper_scrape_ok',
    help: '1 when the queue could be read for this scrape',
    registers: [],
    async collect() {
      this.set(
        await refresh().then(
          () => 1,
          () => 0,
        ),
      );
    },
  });
  registry.registerMetric(scrape);
  const depth = gauge('workqueue_depth', 'Keys waiting in the queue', ['name']);
  const due = gauge('meshkeeper_due_keys', 'Keys past their deadline', []);
  const oldest = gauge('meshkeeper_oldest_due_seconds', 'Age of the key that is due longest', []);
  const unfinished = gauge('workqueue_unfinished_work_seconds', 'Sum of the ages of all runs under way', ['name']);
  const longest = gauge('workqueue_longest_running_processor_seconds', 'Age of the oldest run under way', ['name']);
  gauge('controller_runtime_max_concurrent_reconciles', 'Concurrent runs of this process', ['controller']).set(
    { controller: queue },
    concurrency,
  );
}

/** Keys that a process puts into the queue; every process that does has one. */
export function createAddsMetric(registry: Registry, queue: string): (keys: number) => void {
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Keys put into the queue',
    labelNames: ['name'],
    registers: [registry],
  });
  return (keys) => adds.inc({ name: queue }, keys);
}
