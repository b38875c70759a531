import type { HeaderList } from '@meshkeeper/grpc';

/** A call for one model, as it is sent to an instance with a copy. */
export type ModelCall = {
  readonly modelId: string;
  /** As the client named it; empty when it named the model itself. */
  readonly vModelId: string;
  /** `package.Service/Method` */
  readonly method: string;
  /** The caller's own headers, without those that name models. */
  readonly headers: HeaderList;
  readonly message: Buffer;
  readonly signal: AbortSignal;
  /** On the clock of `performance.now()`. */
  readonly deadline: number | undefined;
};
