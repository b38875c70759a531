import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { CallError } from '@meshkeeper/domain';
import { readTlsSecret } from './tls-secret.ts';
import { KubeTransport } from './transport.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const metadata = { uid: 'u', resourceVersion: '7' };
let answer: { readonly code: number; readonly body: string };
let asked: string | undefined;
let server: Server;
let transport: KubeTransport;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked = `${request.method} ${request.url}`;
    response.writeHead(answer.code).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  transport = new KubeTransport({ access: async () => ({ url, tls: {}, headers: {} }) });
});
afterAll(async () => {
  await transport.stop();
  server.close();
});

const read = (code: number, body: object | string) => {
  answer = { code, body: typeof body === 'string' ? body : JSON.stringify(body) };
  return readTlsSecret(transport, 'own', 'mesh-tls');
};

test('a TLS Secret gives its pair, its authority where there is one, and what distinguishes it from later ones', async () => {
  const pair = { 'tls.crt': encoded('the certificate'), 'tls.key': encoded('the key') };
  const material = { revision: 'u/7', certificate: Buffer.from('the certificate'), key: Buffer.from('the key') };
  assert.deepEqual(await read(200, { metadata, data: pair }), material);
  assert.equal(asked, 'GET /api/v1/namespaces/own/secrets/mesh-tls');
  assert.deepEqual(await read(200, { metadata, data: { ...pair, 'ca.crt': encoded('the authority') } }), {
    ...material,
    ca: Buffer.from('the authority'),
  });
});

const pairless = "TLS secret 'mesh-tls' missing tls.crt and/or tls.key";
const cases: readonly (readonly [string, number, object | string, string, string | undefined, string])[] = [
  [
    'that does not exist may still come',
    404,
    { reason: 'NotFound', message: 'secrets "mesh-tls" not found' },
    'Transient',
    'TlsSecretMissing',
    'unable to access TLS secret \'mesh-tls\': GET /api/v1/namespaces/own/secrets/mesh-tls: secrets "mesh-tls" not found',
  ],
  [
    'that we may not read is a missing permission',
    403,
    { reason: 'Forbidden', message: 'secrets "mesh-tls" is forbidden' },
    'Terminal',
    'Forbidden',
    'unable to access TLS secret \'mesh-tls\': Missing permission: secrets "mesh-tls" is forbidden',
  ],
  ['without a key', 200, { data: { 'tls.crt': encoded('geheim') } }, 'Terminal', 'TlsSecretInvalid', pairless],
  [
    'with an empty certificate',
    200,
    { data: { 'tls.crt': '', 'tls.key': encoded('geheim') } },
    'Terminal',
    'TlsSecretInvalid',
    pairless,
  ],
  ['without data', 200, { metadata }, 'Terminal', 'TlsSecretInvalid', pairless],
  [
    'in an answer that breaks off',
    200,
    `geheim ${encoded('geheim')}`,
    'Transient',
    undefined,
    "unable to access TLS secret 'mesh-tls': its answer cannot be read",
  ],
];
for (const [what, code, body, kind, errorCode, message] of cases) {
  test(`a TLS Secret ${what}, and nothing of it is revealed`, async () => {
    const error: unknown = await read(code, body).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CallError);
    assert.deepEqual([error.kind, error.code, error.message], [kind, errorCode, message]);
    assert.doesNotMatch(inspect(error, { depth: 10 }), new RegExp(`geheim|${encoded('geheim')}`));
  });
}
