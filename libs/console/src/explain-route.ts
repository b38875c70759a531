import {
  explainedKey,
  explainKey,
  explainRequest,
  messageOf,
  parseKey,
  type ExplainedKind,
  type Explanation,
  type PredictorKey,
  type RuntimeExplanation,
  type RuntimeKey,
  type SnapshotContext,
} from '@meshkeeper/domain';
import { lookUp, readHistory, type EventLogOptions } from '@meshkeeper/event-log';
import type { Access } from '@meshkeeper/kubernetes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Guard } from './guard.ts';

export type ExplainOptions = {
  readonly log: EventLogOptions;
  readonly context: SnapshotContext;
  readonly guard: Guard;
};

const SERVING = 'serving.kserve.io';
const RESOURCES: Readonly<Record<ExplainedKind, string>> = {
  isvc: 'inferenceservices',
  predictor: 'predictors',
  runtime: 'servingruntimes',
};

/**
 * `/api/explain/<namespace>/<isvc|predictor|runtime>/<name>`: why it is not ready, and why what was written; and `/api/keys/<key>`: the
 * log entries about a work key, newest first, as they are in the log.
 */
export function addExplainRoutes(app: FastifyInstance, options: ExplainOptions): void {
  app.get<{ Params: { namespace: string; kind: string; name: string } }>(
    '/api/explain/:namespace/:kind/:name',
    async (request, reply) => {
      const { namespace, kind, name } = request.params;
      if (!isKind(kind)) return refuse(reply, 404, 'Only isvc, predictor and runtime can be explained.');
      const needed: Access = { verb: 'get', group: SERVING, resource: RESOURCES[kind], namespace, name };
      return answer(request, reply, options.guard, [needed], () =>
        explain(options, explainedKey(kind, namespace, name)),
      );
    },
  );
  app.get<{ Params: { '*': string } }>('/api/keys/*', async (request, reply) => {
    const key = parseKey(request.params['*']);
    if (key === undefined) return refuse(reply, 404, 'There is no such work key.');
    const { redis, prefix } = options.log;
    const needed = RAW_ACCESS.map((access) => ({ ...access, namespace: key.namespace }));
    return answer(request, reply, options.guard, needed, () => readHistory(redis, prefix, request.params['*']));
  });
}

/** Entries hold whole objects, also those that a model only depends on. */
const RAW_ACCESS: readonly Omit<Access, 'namespace'>[] = [
  ...Object.values(RESOURCES).map((resource) => ({ verb: 'get', group: SERVING, resource }) as const),
  { verb: 'get', group: 'apps', resource: 'deployments' },
];

async function explain(
  { log, context }: ExplainOptions,
  key: PredictorKey | RuntimeKey,
): Promise<Explanation | RuntimeExplanation> {
  return explainKey(key, await lookUp(log, explainRequest(key, context)), context, Date.now());
}

function isKind(text: string): text is ExplainedKind {
  return Object.hasOwn(RESOURCES, text);
}

/** Whatever goes wrong is one sentence, for people and for programs. */
async function answer(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  guard: Guard,
  needed: readonly Access[],
  read: () => Promise<unknown>,
): Promise<unknown> {
  const refusal = await guard(headers.authorization, needed);
  if (refusal !== undefined) return refuse(reply, refusal.code, refusal.message);
  try {
    return await read();
  } catch (error) {
    return refuse(reply, 503, messageOf(error));
  }
}

function refuse(reply: FastifyReply, code: number, message: string): FastifyReply {
  return reply.code(code).send({ error: message });
}
