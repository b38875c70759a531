import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';

export type RedisReply = string | number | null | readonly RedisReply[];

const read = (name: string): string => readFileSync(new URL(`lua/${name}.lua`, import.meta.url), 'utf8');

/** The one argument of a script: named fields, which it decodes. Absent ones are nil in Lua; null is not allowed. */
export type ScriptArgument = { readonly prefix: string } & Readonly<Record<string, unknown>>;

/** A Lua script, called by its hash; Redis is sent the text itself once, when it does not know the hash. */
export class RedisScript {
  readonly #text: string;
  readonly #hash: string;

  constructor(name: string) {
    this.#text = ['common', 'bullmq', name].map(read).join('\n');
    this.#hash = createHash('sha1').update(this.#text).digest('hex');
  }

  /** @throws CallError, always `Transient`. */
  async run(redis: Redis, keys: readonly string[], argument: ScriptArgument): Promise<RedisReply> {
    const text = toJson(argument);
    try {
      return (await redis.evalsha(this.#hash, keys.length, ...keys, text)) as RedisReply;
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw redisError(error);
    }
    try {
      return (await redis.eval(this.#text, keys.length, ...keys, text)) as RedisReply;
    } catch (error) {
      throw redisError(error);
    }
  }
}

/** Lone surrogates, which Lua's decoder refuses, become the replacement character, as they do in every text sent to Redis. */
function toJson(argument: ScriptArgument): string {
  const text = JSON.stringify(argument);
  if (!/\\ud[89a-f]/.test(text)) return text;
  return JSON.stringify(argument, (_, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
}

/** A reply that the script is known to give as a list. */
export function asList(reply: RedisReply | undefined): readonly RedisReply[] {
  return Array.isArray(reply) ? reply : [];
}

export function asTexts(reply: RedisReply | undefined): readonly string[] {
  return asList(reply).map(String);
}
