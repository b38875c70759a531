import type { Reply } from '@meshkeeper/grpc';

export const HEALTH_CHECK = '/grpc.health.v1.Health/Check';

/** A HealthCheckResponse of grpc.health.v1: field 1, SERVING 1 or NOT_SERVING 2. */
export function answerHealth(isServing: boolean): Reply {
  return { message: Buffer.from([8, isServing ? 1 : 2]) };
}
