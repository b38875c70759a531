import {
  CallError,
  explainedKey,
  explainKey,
  explainRequest,
  FORM,
  messageOf,
  type Explanation,
  type RuntimeExplanation,
} from '@meshkeeper/domain';
import { lookUp } from '@meshkeeper/event-log';
import { kubeAccess, type KubeConfigOptions } from '@meshkeeper/kubernetes';
import type { ExplainOptions, Source } from './explain-arguments.ts';
import { withRedis } from './redis-view.ts';

export type Explained = Explanation | RuntimeExplanation;

const ANSWER_WITHIN_MS = 10_000;

/** Asks the console with the credentials of the kubeconfig, or reads Redis. @throws CallError, InputError */
export function readExplanation(options: ExplainOptions, namespace: string): Promise<Explained> {
  const { from } = options;
  return from.kind === 'console' ? askConsole(from, options, namespace) : readRedis(from, options, namespace);
}

async function askConsole(
  from: Extract<Source, { readonly kind: 'console' }>,
  { kind, name, kubeconfig }: ExplainOptions,
  namespace: string,
): Promise<Explained> {
  const path = ['api', 'explain', namespace, kind, name].map(encodeURIComponent).join('/');
  const token = mayCarryToken(from.url) ? (from.token ?? (await tokenOf(kubeconfig))) : undefined;
  const answer = await fetch(`${from.url}/${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    redirect: 'error',
  }).catch((error: unknown) => {
    throw new CallError('Transient', `The console at ${from.url} does not answer: ${causeOf(error)}`);
  });
  const body = (await answer.json().catch(() => ({}))) as { readonly error?: unknown };
  if (answer.ok) return body as unknown as Explained;
  const said = typeof body.error === 'string' ? body.error : `it answered ${answer.status}`;
  throw new CallError('Terminal', `The console at ${from.url} refuses: ${said}`);
}

/** A token travels under TLS, or no further than this machine. */
function mayCarryToken(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}

/** The token that kubectl would send. Without a kubeconfig, or with one that holds certificates, there is none. */
async function tokenOf(options: KubeConfigOptions): Promise<string | undefined> {
  try {
    const { headers } = await kubeAccess(options)(false);
    const given = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
    return /^Bearer (.+)$/i.exec(given ?? '')?.[1];
  } catch (error) {
    if (options.file !== undefined || options.context !== undefined) throw error;
    return undefined;
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== '' ? cause.message : messageOf(error);
}

async function readRedis(
  { url, installed }: Extract<Source, { readonly kind: 'redis' }>,
  { kind, name }: ExplainOptions,
  namespace: string,
): Promise<Explained> {
  const key = explainedKey(kind, namespace, name);
  return withRedis(url, async (redis, prefix) => {
    const log = { redis, prefix, queue: '', form: FORM, lockDurationMs: 0 };
    return explainKey(key, await lookUp(log, explainRequest(key, installed)), installed, Date.now());
  });
}
