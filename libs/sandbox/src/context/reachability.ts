import { connect } from 'node:net';

export type Address = { readonly host: string; readonly port: number };

/** Milliseconds for one connection. */
const LIMIT_MS = 3_000;

/** `http://etcd:2379,https://10.0.0.1` gives host and port of each, with the scheme's port where none is given. */
export function parseEndpoints(text: string): readonly Address[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const url = new URL(each.includes('://') ? each : `http://${each}`);
      const fallback = url.protocol === 'https:' ? 443 : 2379;
      return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? fallback : Number(url.port) };
    });
}

/** Undefined when one of the addresses takes a connection; else what each of them answered. */
export async function whyUnreachable(addresses: readonly Address[]): Promise<string | undefined> {
  const answers = await Promise.all(addresses.map(tryConnect));
  if (answers.includes(undefined)) return undefined;
  return addresses.map(({ host, port }, index) => `${host}:${port} (${answers[index]})`).join(', ');
}

/** Undefined when it connects, else the reason in a word. */
function tryConnect(address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: LIMIT_MS });
    const end = (answer: string | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer in ${LIMIT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
