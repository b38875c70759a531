import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';

export type RedisReply = string | number | null | readonly RedisReply[];

const read = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');

/** A Lua script, called by its hash; Redis learns the text itself once, when it does not know the hash. */
export class RedisScript {
  readonly #text: string;
  readonly #hash: string;

  constructor(name: string) {
    this.#text = `${read('common')}\n${read(name)}`;
    this.#hash = createHash('sha1').update(this.#text).digest('hex');
  }

  /** @throws CallError, always `Transient`. */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<RedisReply> {
    try {
      return (await redis.evalsha(this.#hash, keys.length, ...keys, ...args)) as RedisReply;
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw redisError(error);
    }
    try {
      return (await redis.eval(this.#text, keys.length, ...keys, ...args)) as RedisReply;
    } catch (error) {
      throw redisError(error);
    }
  }
}

/** A reply that the script is known to give as a list. */
export function asList(reply: RedisReply | undefined): readonly RedisReply[] {
  return Array.isArray(reply) ? reply : [];
}

export function asTexts(reply: RedisReply | undefined): readonly string[] {
  return asList(reply).map(String);
}
