import { CallError, messageOf } from '@meshkeeper/domain';

/** Redis' own error codes, and what each means for a write. */
const BY_WORD: Readonly<Record<string, readonly [code: string, advice: string]>> = {
  OOM: ['RedisOutOfMemory', 'Redis is out of memory; raise maxmemory'],
  READONLY: ['RedisReadOnly', 'this Redis is a read-only replica; point REDIS_URL at the primary'],
  NOAUTH: ['RedisAuthenticationFailed', 'Redis wants a password; set REDIS_PASSWORD'],
  WRONGPASS: [
    'RedisAuthenticationFailed',
    'Redis refused the user or password; check REDIS_USERNAME and REDIS_PASSWORD',
  ],
  NOPERM: ['RedisPermissionDenied', 'the Redis user may not run this command or touch this key'],
  LOADING: ['RedisLoading', 'Redis is still loading its data'],
  MISCONF: ['RedisCannotPersist', 'Redis cannot write its files; look at its log'],
  CLUSTERDOWN: ['RedisClusterDown', 'the Redis Cluster is down'],
};

/** Translates any error of ioredis into a `Transient` CallError whose `code` is the reason. All of them end when Redis is well again. */
export function redisError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const text = messageOf(error);
  const word = /\b(OOM|READONLY|NOAUTH|WRONGPASS|NOPERM|LOADING|MISCONF|CLUSTERDOWN)\b/.exec(text)?.[1];
  const known = word === undefined ? undefined : BY_WORD[word];
  const [code, advice] = known ?? ['RedisUnreachable', 'Redis does not answer'];
  return new CallError('Transient', `${advice} (${text})`, { cause: error, code });
}
