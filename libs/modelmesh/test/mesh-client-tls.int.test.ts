import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CallError, type MeshTarget } from '@meshkeeper/domain';
import { createAuthority, createLeaf, createSelfSigned, freePort, type Certificate } from '@meshkeeper/sandbox';
import { createMeshClient, type TlsMaterial } from '../src/index.ts';
import { startMesh, type MeshServer, type MutualTls } from './mesh-server.ts';

const NOW = new Date();
const AUTHORITY = 'modelmesh-serving.team-a';
const made = (hosts: readonly string[]): Certificate =>
  createSelfSigned({ commonName: 'mesh', usage: 'both', hosts }, NOW);
const first = made([AUTHORITY]);
const second = made([AUTHORITY]);
const authority = createAuthority('an authority', NOW);
const signed = createLeaf(authority, { commonName: 'mesh', usage: 'both', hosts: [AUTHORITY] }, NOW);

const toMaterial = (revision: string, { certificate, key }: Certificate, ca?: string): TlsMaterial => ({
  revision,
  certificate: Buffer.from(certificate),
  key: Buffer.from(key),
  ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
});
const at = (...endpoints: readonly string[]): MeshTarget => ({ endpoints, authority: AUTHORITY, tlsSecretName: 'tls' });

/** The Secret as it stands now, and how often it was read. */
let secret: TlsMaterial | CallError;
let reads: string[];
const servers: MeshServer[] = [];
const clients: ReturnType<typeof createMeshClient>[] = [];

beforeEach(() => {
  secret = toMaterial('1', first);
  reads = [];
});
afterEach(() => {
  for (const { server } of servers.splice(0)) server.forceShutdown();
});
afterAll(async () => {
  for (const client of clients) await client.close();
});

async function start(tls: MutualTls): Promise<string> {
  const started = await startMesh('mesh', tls);
  servers.push(started);
  return started.endpoint;
}

function newClient(tlsFreshMs?: number): ReturnType<typeof createMeshClient> {
  const readTls = async (name: string): Promise<TlsMaterial> => {
    reads.push(name);
    if (secret instanceof CallError) throw secret;
    return secret;
  };
  const client = createMeshClient({ readTls, timeoutMs: 5_000, ...(tlsFreshMs === undefined ? {} : { tlsFreshMs }) });
  clients.push(client);
  return client;
}

const ask = async (client: ReturnType<typeof createMeshClient>, target: MeshTarget): Promise<string> =>
  (await client.getVModelStatus(target, { vModelId: 'v', owner: '' })).owner;

async function failure(client: ReturnType<typeof createMeshClient>, target: MeshTarget): Promise<CallError> {
  const error: unknown = await ask(client, target).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof CallError, `The call gave ${String(error)}`);
  const text = inspect(error, { depth: 10 });
  if (!(secret instanceof CallError)) for (const line of linesOf(secret)) assert.ok(!text.includes(line));
  return error;
}

function linesOf({ certificate, key, ca }: TlsMaterial): readonly string[] {
  const lines = [certificate, key, ca ?? Buffer.alloc(0)].flatMap((pem) => pem.toString().split('\n'));
  return lines.filter((line) => line !== '' && !line.startsWith('-----'));
}

describe('the client of meshes under TLS', () => {
  test('trusts a certificate that signed itself, and shows it as a client', async () => {
    const endpoint = await start({ own: first, clients: first.certificate });
    assert.equal(await ask(newClient(), at(endpoint)), 'mesh');
  });

  test('trusts a leaf of an unknown authority', async () => {
    secret = toMaterial('1', signed);
    const endpoint = await start({ own: signed, clients: authority.certificate });
    assert.equal(await ask(newClient(), at(endpoint)), 'mesh');
  });

  test('trusts what the authority in the Secret has signed', async () => {
    const pod = createLeaf(authority, { commonName: 'pod', usage: 'server', hosts: [AUTHORITY] }, NOW);
    const endpoint = await start({ own: pod, clients: authority.certificate });
    secret = toMaterial('1', signed, authority.certificate);
    assert.equal(await ask(newClient(), at(endpoint)), 'mesh');
    secret = toMaterial('1', signed);
    assert.match((await failure(newClient(), at(endpoint))).message, /certificate/);
  });

  test('refuses a certificate made out to another namespace', async () => {
    const own = made(['modelmesh-serving.team-b']);
    secret = toMaterial('1', own);
    const endpoint = await start({ own, clients: own.certificate });
    const { kind, code, message } = await failure(newClient(), at(endpoint));
    assert.deepEqual([kind, code], ['Transient', 'UNAVAILABLE']);
    assert.match(message, /ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  test("refuses a certificate that is not the Secret's, and is refused with one that the pods do not know", async () => {
    const stranger = await start({ own: second, clients: first.certificate });
    assert.match((await failure(newClient(), at(stranger))).message, /self-signed certificate/);
    const strict = await start({ own: first, clients: second.certificate });
    assert.equal((await failure(newClient(), at(strict))).code, 'UNAVAILABLE');
  });

  test('never speaks plaintext to a mesh that should have TLS', async () => {
    const plain = await startMesh('mesh');
    servers.push(plain);
    assert.equal((await failure(newClient(), at(plain.endpoint))).code, 'UNAVAILABLE');
  });

  test('passes over an endpoint that refuses it, and says why when none is left', async () => {
    const good = await start({ own: first, clients: first.certificate });
    const bad = await start({ own: second, clients: second.certificate });
    const dead = `127.0.0.1:${await freePort()}`;
    const client = newClient();
    for (let index = 0; index < 3; index += 1) assert.equal(await ask(client, at(bad, dead, good)), 'mesh');
    for (let index = 0; index < 3; index += 1)
      assert.match((await failure(client, at(bad, dead))).message, /self-signed certificate/);
  });
});

describe('the TLS Secret', () => {
  test('is read once for calls at the same time, and again when it is no longer fresh', async () => {
    const target = at(await start({ own: first, clients: first.certificate }));
    const client = newClient(200);
    await Promise.all([ask(client, target), ask(client, target), ask(client, target)]);
    assert.deepEqual(reads, ['tls']);
    await new Promise((resolve) => setTimeout(resolve, 250));
    await ask(client, target);
    assert.deepEqual(reads, ['tls', 'tls']);
  });

  test('is not read for a mesh without ready pods', async () => {
    assert.equal((await failure(newClient(), at())).code, 'NO_ENDPOINTS');
    assert.deepEqual(reads, []);
  });

  test('that was rotated together with the pods is used immediately, by the same call', async () => {
    const before = at(await start({ own: first, clients: first.certificate }));
    const now = at(await start({ own: second, clients: second.certificate }));
    const client = newClient();
    assert.equal(await ask(client, before), 'mesh');
    secret = toMaterial('2', second);
    assert.equal(await ask(client, now), 'mesh');
    assert.equal(reads.length, 2);
  });

  test('that is the same as before does not help a refused call', async () => {
    const target = at(await start({ own: second, clients: second.certificate }));
    const client = newClient();
    await failure(client, target);
    assert.equal(reads.length, 1, 'it had just been read');
    await failure(client, target);
    assert.equal(reads.length, 2);
  });

  test('that is gone fails the call, although a connection stands; it is used again when it is back', async () => {
    const target = at(await start({ own: first, clients: first.certificate }));
    const client = newClient(0);
    assert.equal(await ask(client, target), 'mesh');
    const missing = new CallError('Transient', "unable to access TLS secret 'tls': not found", {
      code: 'TlsSecretMissing',
    });
    secret = missing;
    assert.equal(await failure(client, target), missing);
    secret = toMaterial('1', first);
    assert.equal(await ask(client, target), 'mesh');
  });

  const garbage = 'c2VjcmV0LWJ5dGVz';
  const invalid: readonly (readonly [string, TlsMaterial, string])[] = [
    [
      'a key that is none',
      toMaterial('1', { certificate: first.certificate, key: garbage }),
      'could not load client key pair: ERR_OSSL_UNSUPPORTED',
    ],
    [
      'a certificate that is none',
      toMaterial('1', { certificate: garbage, key: first.key }),
      'could not load client key pair: ERR_OSSL_PEM_NO_START_LINE',
    ],
    [
      'a key of another certificate',
      toMaterial('1', { certificate: first.certificate, key: second.key }),
      'could not load client key pair: ERR_OSSL_X509_KEY_VALUES_MISMATCH',
    ],
    ['an authority that is none', toMaterial('1', first, garbage), 'failed to append ca certs'],
  ];
  for (const [what, material, message] of invalid) {
    test(`with ${what} fails the call until it is fixed, and nothing of it is revealed`, async () => {
      secret = material;
      const error = await failure(newClient(), at('127.0.0.1:1'));
      assert.deepEqual(
        [error.kind, error.code, error.message, error.cause],
        ['Terminal', 'TlsSecretInvalid', message, undefined],
      );
    });
  }
});
