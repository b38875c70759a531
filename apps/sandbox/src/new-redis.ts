import { connectRedis, initialiseLog } from '@meshkeeper/event-log';
import { redisSettings } from '@meshkeeper/settings';

/** The sandbox has just made this Redis, so no worker of an earlier one can still be running. */
export async function prepareNewRedis(url: string): Promise<void> {
  const redis = connectRedis({ url });
  try {
    await initialiseLog(redis, redisSettings.REDIS_PREFIX.parse(undefined));
  } finally {
    redis.disconnect();
  }
}
