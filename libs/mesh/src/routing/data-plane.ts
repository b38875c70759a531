import { randomUUID } from 'node:crypto';
import type { MeshMetrics, RequestLabels } from '../metrics/metrics.ts';
import {
  type Answer,
  customMetadata,
  type HeaderList,
  type Reply,
  RpcError,
  type ServerCall,
  valueOf,
} from '@meshkeeper/grpc';
import type { CallLog } from './call-log.ts';
import type { DataPlaneConfig, MethodRule } from './data-plane-config.ts';
import { shortName } from './local-calls.ts';
import { askSeveral } from './multi-model.ts';
import type { PayloadProcessor } from '../payloads/payload.ts';
import { requestIds, type RequestId } from './request-ids.ts';
import type { RoutedCall, Router } from './router.ts';
import { toClientError } from '../server/client-error.ts';

export type DataPlaneOptions = {
  readonly router: Router;
  readonly config: () => DataPlaneConfig;
  readonly metrics: MeshMetrics;
  /** Undefined without payload receivers. */
  readonly payloads: PayloadProcessor | undefined;
  readonly logCall: CallLog;
  readonly logsCalls: () => boolean;
  /** Models called concurrently by a call that names several. */
  readonly parallelism: number;
};

/** Any unary method that is not the mesh's own: which models it means, asked where they are. Throws RpcError. */
export function createDataPlane(options: DataPlaneOptions): (call: ServerCall) => Promise<Reply> {
  const router = options.payloads === undefined ? options.router : observed(options.router, options.payloads);
  return async (call) => {
    const method = call.path.slice(1);
    const began = performance.now();
    let [code, bytes] = ['OK', 0];
    let first: RequestId | undefined;
    let modelId: string | undefined;
    try {
      const ids = requestIds(call.headers, call.message, ruleOf(method, options.config()));
      [first] = ids;
      const routed = toRoutedCall(call, method);
      const answer: Answer & { readonly modelId?: string } =
        ids.length === 1
          ? await router.route(first, routed)
          : await askSeveral(ids, (id) => router.route(id, routed), {
              parallelism: options.parallelism,
              requireAll: valueOf(call.headers, 'mm-required') !== 'any',
            });
      bytes = answer.message.length;
      modelId = answer.modelId;
      return answer;
    } catch (error) {
      const failure = withoutOutcome(toClientError(error));
      code = failure.code;
      throw failure;
    } finally {
      const labels = { method: shortName(method), code, ...namesOf(first, modelId) };
      const [ms, requestBytes] = [performance.now() - began, call.message.length];
      options.metrics.apiRequest(labels, ms, requestBytes, bytes);
      if (options.logsCalls()) options.logCall({ ...labels, ms, requestBytes, responseBytes: bytes }, call.headers);
    }
  };
}

function namesOf(
  asked: RequestId | undefined,
  answered: string | undefined,
): Pick<RequestLabels, 'modelId' | 'vModelId'> {
  const modelId = answered ?? (asked?.kind === 'model' ? asked.id : undefined);
  return {
    ...(modelId !== undefined && { modelId }),
    ...(asked?.kind === 'vmodel' && { vModelId: asked.id }),
  };
}

function ruleOf(method: string, config: DataPlaneConfig): MethodRule {
  const rule = config.rule(method);
  if (rule === undefined) throw new RpcError('UNIMPLEMENTED', '');
  return rule;
}

function toRoutedCall(call: ServerCall, method: string): RoutedCall {
  return {
    method,
    headers: passedOn(call.headers),
    message: call.message,
    get signal() {
      return call.signal;
    },
    deadline: call.deadline,
    isBalanced: valueOf(call.headers, 'mm-balanced') === 'true',
  };
}

/** The caller's own headers: neither the hop's nor the mesh's. */
export function passedOn(headers: HeaderList): HeaderList {
  const custom = customMetadata(headers);
  const isOurs = (name: string): boolean => /^(mm-|meshkeeper-|grpc-|tas-model-id)/.test(name);
  if (!custom.some((name, i) => i % 2 === 0 && isOurs(name))) return custom;
  return custom.filter((_, i) => !isOurs(custom[i - (i % 2)] ?? ''));
}

/** What instances report to each other is not sent to the client. */
function withoutOutcome(error: RpcError): RpcError {
  if (error.metadata.length === 0) return error;
  return new RpcError(error.code, error.details, { cause: error, metadata: passedOn(error.metadata) });
}

function observed(router: Router, payloads: PayloadProcessor): Router {
  const route: Router['route'] = async (requested, call) => {
    const id = randomUUID();
    const vModelId = requested.kind === 'vmodel' ? requested.id : '';
    const common = { id, vModelId, method: call.method };
    const record = (modelId: string, status: string, answer: Partial<Answer>): void => {
      const { message: data, headers: metadata } = call;
      payloads.offer({ ...common, modelId, kind: 'request', data, metadata, status: undefined });
      const { message = Buffer.alloc(0), headers = [] } = answer;
      payloads.offer({ ...common, modelId, kind: 'response', data: message, metadata: headers, status });
    };
    try {
      const answer = await router.route(requested, call);
      record(answer.modelId, 'OK', answer);
      return answer;
    } catch (error) {
      record(requested.kind === 'model' ? requested.id : '', toClientError(error).code, {});
      throw error;
    }
  };
  return { route };
}
