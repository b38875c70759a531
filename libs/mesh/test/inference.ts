import { type ChannelTls, type HeaderList, openChannel, RpcError, valueOf } from '@meshkeeper/grpc';
import type { Instance } from './mesh-fixture.ts';

export const PREDICT = '/mmesh.ExamplePredictor/predict';
export const INFER = '/inference.GRPCInferenceService/ModelInfer';

export type Predicted = {
  readonly text: string;
  /** The instance whose runtime answered, and the requested model. */
  readonly by: string;
  readonly model: string;
  /** What the runtime saw. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
  readonly ms: number;
};

export type Client = {
  /** An answer, or `CODE text`. */
  predict(headers: HeaderList, options?: PredictOptions): Promise<Predicted | string>;
  close(): void;
};

export type PredictOptions = {
  readonly path?: string;
  readonly message?: Buffer;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

export const model = (id: string): HeaderList => ['mm-model-id', id];
export const vmodel = (id: string): HeaderList => ['mm-vmodel-id', id];

export function clientOf({ address }: Pick<Instance, 'address'>, tls?: ChannelTls): Client {
  const [host = '', port] = address.split(':');
  const limits = { maxMessageBytes: 64 << 20, connectTimeoutMs: 2_000, ...(tls !== undefined && { tls }) };
  const channel = openChannel({ host, port: Number(port) }, limits);
  return {
    predict: async (headers, { path = PREDICT, message = Buffer.from('hello'), timeoutMs, signal } = {}) => {
      const began = performance.now();
      try {
        const call = { path, headers, message, timeoutMs, ...(signal !== undefined && { signal }) };
        const answer = await channel.call(call);
        return {
          text: answer.message.toString(),
          by: valueOf(answer.headers, 'served-by') ?? '',
          model: valueOf(answer.headers, 'served-model') ?? '',
          seen: JSON.parse(valueOf(answer.headers, 'seen-metadata') ?? '{}') as Predicted['seen'],
          ms: performance.now() - began,
        };
      } catch (error) {
        if (error instanceof RpcError) return `${error.code} ${error.details}`.trim();
        throw error;
      }
    },
    close: () => channel.close(),
  };
}

/** The text of the answer, or the failure. */
export const textOf = (answer: Predicted | string): string => (typeof answer === 'string' ? answer : answer.text);
