import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ensureRedis } from './ensure-redis.ts';
import { freePort } from './free-port.ts';
import { startProcess, type ManagedProcess } from './managed-process.ts';

export type RedisOptions = {
  /** Holds the append-only file; started again on the same folder, the server resumes. */
  readonly folder: string;
  /** Any free one when absent. */
  readonly port?: number;
  /** `<folder>/redis.log` when absent. */
  readonly logFile?: string;
  /** Where the process is recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
  /** Further arguments, such as `['--maxmemory', '10mb']`; they win over ours. */
  readonly args?: readonly string[];
};

/** `kill` may lose up to the last second's writes. */
export type RedisServer = ManagedProcess & {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
};

/**
 * Starts Redis on 127.0.0.1, with the settings that production should use, and waits until it answers PING.
 * @throws Error with one sentence when there is no fit Redis, with the end of its log when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const program = await ensureRedis();
  const port = options.port ?? (await freePort());
  mkdirSync(options.folder, { recursive: true });
  const started = await startProcess({
    name: 'Redis',
    command: program,
    args: [...serverArgs(options.folder, port), ...(options.args ?? [])],
    logFile: options.logFile ?? join(options.folder, 'redis.log'),
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    // A server that requires a password is as ready as it can say; one that still loads its data is not.
    ready: async () => /^(?:\+PONG|-NOAUTH)/.test(await askRedis(port, 'PING')),
    ports: [port],
    readyTimeoutMs: 30_000,
    graceMs: 2_000,
  });
  return { ...started, url: `redis://127.0.0.1:${port}`, port };
}

function serverArgs(folder: string, port: number): readonly string[] {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    'hash-max-listpack-value': '512',
    // A rewritten command line could not be recognised by the record of processes.
    'set-proc-title': 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Sends one inline command to a Redis of this machine that requires no password, and gives the first part of its answer. */
function askRedis(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error('Redis does not answer')));
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('utf8'));
    });
  });
}
