import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { RpcError } from '@meshkeeper/grpc';
import { toClientError } from './client-error.ts';

const failed = (code?: string) => new CallError('Transient', 'why', code === undefined ? {} : { code });

const cases: readonly (readonly [rule: string, error: unknown, text: string])[] = [
  ['an etcd that cannot be reached is named', failed('UNAVAILABLE'), 'UNAVAILABLE: etcd cannot be reached: why'],
  ['an etcd that does not answer is named', failed('DEADLINE_EXCEEDED'), 'UNAVAILABLE: etcd cannot be reached: why'],
  ['a failure without a code is one of etcd', failed(), 'UNAVAILABLE: etcd cannot be reached: why'],
  ['records that change too often are not an etcd that is away', failed('ABORTED'), 'ABORTED: why'],
  ['a record that cannot be read keeps its text', failed('INTERNAL'), 'INTERNAL: why'],
  ['a code that gRPC does not know is INTERNAL', failed('ECONNRESET'), 'INTERNAL: why'],
  ['OK is no failure', failed('OK'), 'INTERNAL: why'],
  ['a refusal of our own passes as it is', new RpcError('NOT_FOUND', 'why'), 'NOT_FOUND: why'],
  ['an unexpected error is INTERNAL', new TypeError('why'), 'INTERNAL: why'],
];
for (const [rule, error, text] of cases) {
  test(rule, () => assert.equal(toClientError(error).message, text));
}
