import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { redisError } from './redis-error.ts';

const cases: readonly (readonly [answer: string, code: string])[] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", 'RedisOutOfMemory'],
  [
    "ERR Error running script: @user_script: 5: -OOM command not allowed when used memory > 'maxmemory'.",
    'RedisOutOfMemory',
  ],
  ["READONLY You can't write against a read only replica.", 'RedisReadOnly'],
  ['NOAUTH Authentication required.', 'RedisAuthenticationFailed'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'RedisAuthenticationFailed'],
  ["NOPERM User default has no permissions to run the 'evalsha' command", 'RedisPermissionDenied'],
  ['LOADING Redis is loading the dataset in memory', 'RedisLoading'],
  [
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
    'RedisCannotPersist',
  ],
  ['CLUSTERDOWN The cluster is down', 'RedisClusterDown'],
  ['connect ECONNREFUSED 127.0.0.1:6379', 'RedisUnreachable'],
  ['Connection is closed.', 'RedisUnreachable'],
];

describe('an error of Redis', () => {
  for (const [answer, code] of cases) {
    test(`"${answer.slice(0, 40)}" is transient with the reason ${code}`, () => {
      const cause = new Error(answer);
      const { kind, code: given, message, cause: kept } = redisError(cause);
      const actual = { kind, code: given, cause: kept, tellsTheAnswer: message.includes(answer) };
      assert.deepEqual(actual, { kind: 'Transient', code, cause, tellsTheAnswer: true });
    });
  }

  test('that is classified already stays as it is', () => {
    const error = new CallError('Terminal', 'OOM', { code: 'Mine' });
    assert.equal(redisError(error), error);
  });

  test('that is not an Error is reported as text', () => {
    assert.equal(redisError('odd').message, 'Redis does not answer (odd)');
  });
});
