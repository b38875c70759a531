import type { AdmissionMetrics } from '@meshkeeper/metrics';
import Fastify from 'fastify';
import { answerOf, parseReview, type Review, type Verdict } from './admission-review.ts';
import { reviewInferenceService, type RuntimesOf } from './review-inference-service.ts';
import { reviewRuntime } from './review-runtime.ts';
import type { ServingPair } from './serving-certificate.ts';

/** The original's path, which existing configurations name. */
const RUNTIME_PATH = '/validate-serving-modelmesh-io-v1alpha1-servingruntime';
const INFERENCE_SERVICE_PATH = '/warn-inference-service';

/** A review holds an object twice, and the API server takes objects of 3 MiB. */
const BODY_LIMIT = 8 * 1_048_576;

export type AdmissionOptions = {
  readonly host: string;
  readonly port: number;
  readonly pair: ServingPair;
  readonly runtimesOf: RuntimesOf;
  readonly metrics: AdmissionMetrics;
};

export type AdmissionServer = {
  readonly address: string;
  /** From now on for new connections; the old ones keep theirs. */
  usePair(pair: ServingPair): void;
  /** Answers what has begun, then ends. */
  stop(): Promise<void>;
};

const tlsOptions = ({ cert, key }: ServingPair) => ({ cert, key, minVersion: 'TLSv1.2' as const });

/** @throws Error that names host and port when the port is taken. */
export async function startAdmissionServer(options: AdmissionOptions): Promise<AdmissionServer> {
  const { host, port, pair, runtimesOf, metrics } = options;
  const app = Fastify({
    https: tlsOptions(pair),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    // A review that arrives during shutdown is answered: a failed call would reject the user's object.
    return503OnClosing: false,
  });
  let stopping = false;
  app.addHook('preClose', async () => void (stopping = true));
  // A connection that is kept open by the API server would keep the stop waiting.
  app.addHook('onSend', async (_request, reply) => void (stopping && reply.header('connection', 'close')));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const serve = (
    path: string,
    review: (review: Review) => Verdict | Promise<Verdict>,
    unreadable: (problem: string) => Verdict,
  ): void => {
    app.post(path, async (request) => {
      const began = performance.now();
      const parsed = parseReview(typeof request.body === 'string' ? request.body : '');
      const verdict = 'problem' in parsed ? unreadable(parsed.problem) : await review(parsed);
      metrics.answered(path, outcomeOf(verdict), (performance.now() - began) / 1_000);
      return answerOf(parsed.uid, verdict);
    });
  };
  serve(RUNTIME_PATH, reviewRuntime, (message) => ({ kind: 'undecodable', message }));
  serve(
    INFERENCE_SERVICE_PATH,
    (review) => reviewInferenceService(review, runtimesOf),
    (problem) => ({ kind: 'allowed', warnings: [`Not checked: ${problem}`] }),
  );
  const address = await app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Cannot listen on ${host}:${port}: ${error.code}`, { cause: error });
  });
  return { address, usePair: (next) => app.server.setSecureContext(tlsOptions(next)), stop: () => app.close() };
}

function outcomeOf(verdict: Verdict): string {
  return verdict.kind === 'allowed' && (verdict.warnings ?? []).length > 0 ? 'warned' : verdict.kind;
}
