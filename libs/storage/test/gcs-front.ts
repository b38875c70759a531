import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the emulator lacks: it fronts the emulator, issues tokens to one service account, and rejects all other callers. */
export type GcsFront = {
  readonly url: string;
  readonly tokenUri: string;
  privateKey(): string;
  /** Replaces the account's key, and revokes its tokens. */
  rotate(): void;
  /** Refuses the tokens given so far. */
  revoke(): void;
  stop(): Promise<void>;
};

export async function startGcsFront(emulatorPort: number): Promise<GcsFront> {
  let keys = newKeys();
  let generation = 1;
  const server = createServer((request, response) => {
    if (request.url === '/token') void giveToken(request, response, keys.publicKey, `token-${generation}`);
    else if (request.headers.authorization === `Bearer token-${generation}`) forward(request, response, emulatorPort);
    else response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    tokenUri: `${url}/token`,
    privateKey: () => keys.privateKey,
    rotate: () => {
      keys = newKeys();
      generation += 1;
    },
    revoke: () => (generation += 1),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function newKeys(): { readonly publicKey: string; readonly privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

async function giveToken(
  request: IncomingMessage,
  response: ServerResponse,
  publicKey: string,
  token: string,
): Promise<void> {
  const assertion = new URLSearchParams(await text(request)).get('assertion') ?? '';
  const [head, claim, signature = ''] = assertion.split('.');
  const signed = Buffer.from(`${head}.${claim}`);
  if (verify('sha256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64url'))) {
    response.end(JSON.stringify({ access_token: token, expires_in: 3_600 }));
  } else response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
}

function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url, headers } = request;
  const onward = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
