import { FORM, type ViewReader } from '@meshkeeper/domain';
import { checkRedis, connectRedis, createViewReader } from '@meshkeeper/event-log';
import { readSettings, redisOptions, redisSettings, SettingsError } from '@meshkeeper/settings';
import { z } from 'zod';
import { InputError } from './input-error.ts';

const ANSWER_WITHIN_MS = 3_000;

const schema = z.object(redisSettings);

/**
 * Reads the view that the watchers keep, by the same settings of the environment as they. `url` goes before them.
 * @throws InputError, and CallError when Redis does not answer or is not fit for use.
 */
export function withRedisView<Answer>(url: string, use: (view: ViewReader) => Promise<Answer>): Promise<Answer> {
  return withRedis(url, (redis, prefix) => use(createViewReader({ redis, prefix, form: FORM })));
}

/** The same for callers that read more than the view. */
export async function withRedis<Answer>(
  url: string,
  use: (redis: ReturnType<typeof connectRedis>, prefix: string) => Promise<Answer>,
): Promise<Answer> {
  const settings = settingsOf(url);
  const redis = connectRedis(redisOptions(settings));
  try {
    await checkRedis(redis, ANSWER_WITHIN_MS);
    return await use(redis, settings.REDIS_PREFIX);
  } finally {
    redis.disconnect();
  }
}

function settingsOf(url: string): z.output<typeof schema> {
  try {
    return readSettings(schema, { ...process.env, REDIS_URL: url });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new InputError(error.message.split('\n').slice(1).join(';').trim());
  }
}
