import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { OLDEST_REDIS_MAJOR, parseRedisVersion } from '../redis-version.ts';

const LIMIT_MS = 5_000;

/**
 * What is wrong with a Redis that the user runs, as one sentence; undefined when it will do.
 * The password never appears in the sentence.
 */
export async function redisProblem(
  url: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string | undefined> {
  const { host, port } = addressOf(url);
  const at = `Redis at ${host}:${port}`;
  let info: string;
  try {
    info = await askInfo(url, env);
  } catch (error) {
    return `${at} cannot be used: ${(error as Error).message}`;
  }
  return judgeInfo(info, at);
}

/** Judges the answer to INFO. */
export function judgeInfo(info: string, at: string): string | undefined {
  const version = parseRedisVersion(info);
  if (version === undefined) return `${at} does not say its version.`;
  if (version.major < OLDEST_REDIS_MAJOR)
    return `${at} is version ${version.text}; version ${OLDEST_REDIS_MAJOR} or newer is needed.`;
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return undefined;
  return `${at} has maxmemory-policy ${policy} and would drop records when it is full: set it to noeviction.`;
}

function addressOf(url: string): {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
} {
  const parsed = new URL(url);
  return {
    host: parsed.hostname,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    tls: parsed.protocol === 'rediss:',
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  };
}

function askInfo(url: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { host, port, tls, ...given } = addressOf(url);
  const user = env['REDIS_USERNAME'] || given.user || 'default';
  const password = env['REDIS_PASSWORD'] || given.password;
  const socket: Socket = tls ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
  const commands = [...(password === '' ? [] : [['AUTH', user, password]]), ['INFO']];
  return new Promise<string>((resolve, reject) => {
    let answer = '';
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer in ${LIMIT_MS / 1000} s`)));
    socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)));
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (data) => {
      answer += data.toString('utf8');
      const refusal = /^-(.*)\r\n/m.exec(answer)?.[1];
      if (refusal !== undefined) reject(new Error(refusal));
      if (refusal !== undefined || isWhole(answer)) resolve(answer);
    });
    socket.write(commands.map(encode).join(''));
  }).finally(() => socket.destroy());
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** INFO answers with `$<bytes>` and then so many bytes. */
function isWhole(answer: string): boolean {
  const head = /\$(\d+)\r\n/.exec(answer);
  return head !== null && Buffer.byteLength(answer.slice(head.index + head[0].length)) >= Number(head[1]);
}
