import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { KINDS, MESH_SOURCE } from '@meshkeeper/domain';
import { readHistory, readQueueState, Recorder } from '@meshkeeper/event-log';
import { QUEUE_NAMES, type DueQueue } from '@meshkeeper/work-queue';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { renderIndex, type SourceRow } from './index-page.ts';

export type ConsoleOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  readonly queues: DueQueue['queues'];
  readonly form: number;
};

/**
 * `/` the index page, `/queues` bull-board, read-only since a retry from there would break the queue's order (T4),
 * `/api/keys/<key>` the log entries that made a work key due, newest first.
 */
export async function addRoutes(app: FastifyInstance, options: ConsoleOptions): Promise<void> {
  const { redis, prefix } = options;
  const board = new FastifyAdapter();
  createBullBoard({
    queues: options.queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: board,
  });
  board.setBasePath('/queues');
  await app.register(board.registerPlugin(), { prefix: '/queues' });
  app.get('/', async (_request, reply) => {
    const [state, sources] = await Promise.all([readQueueState(redis, prefix, Date.now()), readSources(options)]);
    await reply.type('text/html').send(renderIndex(state, sources));
  });
  app.get<{ Params: { '*': string } }>('/api/keys/*', async (request) =>
    readHistory(redis, prefix, request.params['*']),
  );
}

async function readSources({ redis, prefix, form }: ConsoleOptions): Promise<readonly SourceRow[]> {
  const recorder = new Recorder({ redis, prefix, queue: QUEUE_NAMES.main, form, lockDurationMs: 0 });
  const sources = [...Object.values(KINDS).map(({ source }) => source), MESH_SOURCE];
  return Promise.all(sources.map(async (source) => ({ source, ...(await recorder.sourceState(source)) })));
}
