import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { Agent, request } from 'undici';
import { messageOf } from '@meshkeeper/domain';
import type { Logger, Stoppable } from '@meshkeeper/process';
import type { Registry } from '@meshkeeper/metrics';
import type { PayloadSettings } from '../settings/settings.ts';
import type { HeaderList } from '@meshkeeper/grpc';
import { createPayloadQueue, type Loss } from './payload-queue.ts';
import type { Payload, PayloadProcessor } from './payload.ts';
import type { PayloadTarget } from '../settings/payload-targets.ts';

const TIMEOUT_MS = 10_000;
/** Of payloads that wait for one receiver: 64 of 16 MiB would be more memory than the container has. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const LOG_EVERY_MS = 60_000;
/** For what still waits when the process stops. */
const LAST_POSTS_MS = 1_000;

type Deps = { readonly registry: Registry; readonly logger: Logger };

/** Sends payloads to the configured receivers. Each receiver has a queue of its own, so that a slow one costs the others nothing. */
export function createPayloadProcessors(
  { targets, capacity, threads }: PayloadSettings,
  { registry, logger }: Deps,
): (PayloadProcessor & Stoppable) | undefined {
  if (targets.length === 0) return undefined;
  const lost = createLossReport(registry, logger);
  const agent = new Agent({
    connections: threads,
    connect: { timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const lanes = targets.map((target) => {
    const deliver = delivery(target, agent, logger);
    const sizeOf = ({ data }: Payload) => data.length;
    return {
      target,
      queue: createPayloadQueue({ deliver, sizeOf, capacity, threads, maxBytes: MAX_WAITING_BYTES, lost }),
    };
  });
  return {
    offer: (payload) => {
      for (const { target, queue } of lanes) if (isWanted(target, payload)) queue.offer(payload);
    },
    stop: async () => {
      const sent = Promise.all(lanes.map(({ queue }) => queue.idle()));
      await Promise.race([sent, sleep(LAST_POSTS_MS, undefined, { ref: false })]);
      await agent.destroy();
    },
  };
}

function delivery({ url }: PayloadTarget, dispatcher: Agent, logger: Logger): (payload: Payload) => Promise<void> {
  if (url === undefined) return async (payload) => logger.info(summaryOf(payload), 'Payload');
  return async (payload) => {
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(toJson(payload)),
    });
    await body.dump();
    if (statusCode < 200 || statusCode > 299) throw new Error(`HTTP status ${statusCode}`);
  };
}

function summaryOf({ id, modelId, vModelId, method, kind, status, data }: Payload) {
  return { id, modelId, vModelId, method, kind, status, bytes: data.length };
}

function toJson({ id, modelId, vModelId, data, kind, status = '', metadata }: Payload) {
  return {
    id,
    modelid: modelId,
    vModelId,
    data: data.toString('base64'),
    kind,
    status,
    metadata: toObject(metadata),
  };
}

/** A repeated header's values are joined, as HTTP allows and gRPC does for binary ones. */
function toObject(headers: HeaderList): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(values);
}

/** Counts every loss, and logs at most once a minute. */
function createLossReport(registry: Registry, logger: Logger): (why: Loss, error?: unknown) => void {
  const counter = new Counter({
    name: 'meshkeeper_mesh_payloads_dropped_total',
    help: 'Payloads that a processor did not get: its queue was full, or the receiver failed',
    labelNames: ['reason'],
    registers: [registry],
  });
  let [unsaid, saidAt] = [0, -Infinity];
  return (why, error) => {
    counter.inc({ reason: why });
    unsaid += 1;
    if (performance.now() - saidAt < LOG_EVERY_MS) return;
    const reason = why === 'full' ? 'the queue is full' : messageOf(error);
    logger.warn({ count: unsaid, reason }, 'Payloads are not processed');
    [unsaid, saidAt] = [0, performance.now()];
  };
}

export function isWanted({ model, method }: PayloadTarget, payload: Payload): boolean {
  if (method !== undefined && method !== payload.method) return false;
  return model === undefined || model === payload.modelId || model === payload.vModelId;
}
