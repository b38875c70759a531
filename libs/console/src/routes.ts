import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { KINDS, MESH_SOURCE } from '@meshkeeper/domain';
import { readQueueState, Recorder } from '@meshkeeper/event-log';
import type { DueQueue } from '@meshkeeper/work-queue';
import type { FastifyInstance } from 'fastify';
import { addExplainRoutes, type ExplainOptions } from './explain-route.ts';
import { renderIndex, type SourceRow } from './index-page.ts';

export type ConsoleOptions = ExplainOptions & { readonly queues: DueQueue['queues'] };

/**
 * `/` the index page, `/queues` bull-board, read-only since a retry from there would break the queue's order (T4), and the API.
 */
export async function addRoutes(app: FastifyInstance, options: ConsoleOptions): Promise<void> {
  const { redis, prefix } = options.log;
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
  addExplainRoutes(app, options);
}

async function readSources({ log }: ConsoleOptions): Promise<readonly SourceRow[]> {
  const recorder = new Recorder(log);
  const sources = [...Object.values(KINDS).map(({ source }) => source), MESH_SOURCE];
  return Promise.all(sources.map(async (source) => ({ source, ...(await recorder.sourceState(source)) })));
}
