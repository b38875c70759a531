import type { HeaderList } from '@meshkeeper/grpc';

/** A request or a response as payload processors get it. */
export type Payload = {
  /** The same for a request and its response. */
  readonly id: string;
  readonly modelId: string;
  /** Empty for a call that named the model itself. */
  readonly vModelId: string;
  /** `package.Service/Method` */
  readonly method: string;
  readonly kind: 'request' | 'response';
  readonly data: Buffer;
  /** The name of the gRPC code; of a response only. */
  readonly status: string | undefined;
  readonly metadata: HeaderList;
};

/** The receivers of payloads. */
export type PayloadProcessor = {
  /** Never throws and never waits: what cannot be taken is dropped. */
  offer(payload: Payload): void;
};
