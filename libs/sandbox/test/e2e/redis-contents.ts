import { connectRedis } from '@meshkeeper/event-log';
import type { Redis } from 'ioredis';

/** All that a Redis holds, every key and every value of any type, as one text to search in. */
export async function readEverything(url: string): Promise<string> {
  const redis = connectRedis({ url });
  try {
    const keys = await redis.keys('*');
    const values = await Promise.all(keys.map((key) => readValue(redis, key)));
    return keys.map((key, i) => `${key} ${JSON.stringify(values[i])}`).join('\n');
  } finally {
    redis.disconnect();
  }
}

async function readValue(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return undefined;
  }
}
