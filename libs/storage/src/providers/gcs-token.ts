import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { request } from 'undici';
import { invalid, parseUrl } from '../config-values.ts';
import { StorageError } from '../storage-error.ts';

export type ServiceAccount = {
  readonly privateKey: string;
  readonly clientEmail: string;
  readonly tokenUri: string | undefined;
};

const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';
const LIFETIME_S = 3_600;
/** A token is replaced that long before it ends. */
const MARGIN_MS = 60_000;
const TIMEOUT_MS = 30_000;

/** Access tokens for a service account (RFC 7523), each used until it ends. */
export type TokenSource = {
  /** @throws StorageError, else what undici threw. */
  get(): Promise<string>;
  /** Forgets a token that was refused. */
  drop(token: string): void;
};

type Held = { readonly token: Promise<Token>; text: string | undefined; endsAt: number };

/** @throws StorageError InvalidConfig when the private key is none. */
export function createTokenSource(account: ServiceAccount): TokenSource {
  const key = parseKey(account.privateKey);
  const url = parseUrl(account.tokenUri ?? TOKEN_URI, 'token_uri');
  let held: Held | undefined;
  const fetchNew = (): Held => {
    const fetched: Held = { token: fetchToken(url, signedClaim(account, url, key)), text: undefined, endsAt: Infinity };
    void rememberEnd(fetched);
    return fetched;
  };
  return {
    get: async () => {
      if (held === undefined || Date.now() > held.endsAt - MARGIN_MS) held = fetchNew();
      return (await held.token).text;
    },
    drop: (token) => {
      if (held?.text === token) held = undefined;
    },
  };
}

/** After a failure, the next caller requests a token again. */
async function rememberEnd(held: Held): Promise<void> {
  try {
    const { text, seconds } = await held.token;
    held.text = text;
    held.endsAt = Date.now() + seconds * 1_000;
  } catch {
    held.endsAt = 0;
  }
}

type Token = { readonly text: string; readonly seconds: number };

function parseKey(pem: string): KeyObject {
  try {
    // Keys copied out of a JSON file often still have its `\n`.
    return createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    throw invalid(`the configuration 'private_key' is not a PEM private key`);
  }
}

function signedClaim({ clientEmail }: ServiceAccount, audience: URL, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1_000);
  const claim = { iss: clientEmail, scope: SCOPE, aud: audience.href, iat: now, exp: now + LIFETIME_S };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claim]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

async function fetchToken(url: URL, assertion: string): Promise<Token> {
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 500) {
    throw new StorageError('Unavailable', `the token service ${url.host} answered ${answer.statusCode}`);
  }
  if (answer.statusCode !== 200) {
    throw new StorageError('Forbidden', `${url.host} gave no token for the service account (${answer.statusCode})`);
  }
  return parseToken(text, url.host);
}

function parseToken(text: string, host: string): Token {
  try {
    const { access_token: token, expires_in: seconds } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof token === 'string') return { text: token, seconds: typeof seconds === 'number' ? seconds : LIFETIME_S };
  } catch {
    // What JSON.parse says quotes the answer, which may hold the token.
  }
  throw new StorageError('Unavailable', `the token service ${host} gave an answer without a token`);
}
