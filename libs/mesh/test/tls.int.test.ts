import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ModelMeshDefinition } from '@meshkeeper/modelmesh';
import { createAuthority, createLeaf, freePort, waitFor, type Certificate } from '@meshkeeper/sandbox';
import type { ChannelTls } from '@meshkeeper/grpc';
import { clientOf, model, textOf, type Client, type Predicted } from './inference.ts';
import { SKLEARN, startMeshFixture, type MeshFixture } from './mesh-fixture.ts';
import { createSecretVolume, meshCertificate, shownBy, type SecretVolume } from './tls-fixture.ts';

const REGISTER = '/mmesh.ModelMesh/registerModel';
const HEALTH = '/grpc.health.v1.Health/Check';

/** As the reconciler calls: trusts the pods' certificate as it is, and shows one where it has one. */
function seenBy(own: Certificate | undefined, shown: Certificate): ChannelTls {
  const pair = own === undefined ? {} : { key: own.key, cert: own.certificate };
  const secureContext = createSecureContext({ ca: shown.certificate, allowPartialTrustChain: true, ...pair });
  return { secureContext, checkServerIdentity: () => undefined };
}

/** Instances under TLS, each with a Secret's volume of its own. */
function createTlsMesh(mesh: MeshFixture) {
  const clients: Client[] = [];
  const start = async (name: string, content: Certificate, clientAuth: string) => {
    const volume: SecretVolume = createSecretVolume(join(mesh.folder, `${name}-tls`), content);
    const peerPort = await freePort();
    const env = { ...volume.env, MM_TLS_CLIENT_AUTH: clientAuth, MESHKEEPER_PEER_PORT: String(peerPort) };
    const { iid, address } = await mesh.startInstance(name, env);
    const peer = `127.0.0.1:${peerPort}`;
    const clientAt = (at: string, own: Certificate | undefined, shown: Certificate): Client => {
      const client = clientOf({ address: at }, seenBy(own, shown));
      clients.push(client);
      return client;
    };
    return { iid, address, peer, volume, clientAt };
  };
  return { start, close: () => clients.forEach((client) => client.close()) };
}

async function load(client: Client, modelId: string): Promise<void> {
  const modelInfo = { ...SKLEARN, path: 'p' };
  const request = { modelId, modelInfo, loadNow: true, sync: true, lastUsedTime: 0n };
  const message = Buffer.from(ModelMeshDefinition.methods.registerModel.requestType.encode(request).finish());
  const reply = Buffer.from(textOf(await client.predict([], { path: REGISTER, message })));
  // The field `status`: LOADED.
  assert.deepEqual([...reply.subarray(0, 2)], [8, 3]);
}

const byWhom = (answer: Predicted | string) => (typeof answer === 'string' ? answer : answer.by);
const reaches = async (client: Client) => !textOf(await client.predict([], { path: HEALTH })).startsWith('UNAVAILABLE');

const certificates = {
  'one that signed itself': meshCertificate(),
  'one of an unknown authority, for servers only': createLeaf(
    createAuthority('unknown', new Date()),
    { commonName: 'mesh', usage: 'server', hosts: ['modelmesh-serving.team-a.svc'] },
    new Date(),
  ),
};
const stranger = meshCertificate();

for (const [what, certificate] of Object.entries(certificates)) {
  for (const clientAuth of ['NONE', 'OPTIONAL', 'REQUIRE']) {
    describe(`two instances under TLS with ${what}, clientAuth ${clientAuth}`, () => {
      let mesh: MeshFixture;
      let tls: ReturnType<typeof createTlsMesh>;
      let a: Awaited<ReturnType<typeof tls.start>>;
      let b: typeof a;
      beforeAll(async () => {
        mesh = await startMeshFixture();
        tls = createTlsMesh(mesh);
        [a, b] = [await tls.start('mm001', certificate, clientAuth), await tls.start('mm002', certificate, clientAuth)];
      });
      afterAll(async () => {
        tls.close();
        await mesh.stop();
      });

      test('requests are sent on between them', async () => {
        const [toA, toB] = [a, b].map(({ address, clientAt }) => clientAt(address, certificate, certificate));
        assert.ok(toA && toB);
        await load(toA, 'm1');
        const holder = byWhom(await toA.predict(model('m1')));
        assert.ok([a.iid, b.iid].includes(holder), holder);
        assert.equal(byWhom(await toB.predict(model('m1'))), holder);
      });

      test('who may call: a client without a certificate, and a stranger', async () => {
        const anonymous = await reaches(a.clientAt(a.address, undefined, certificate));
        const other = await reaches(a.clientAt(a.address, stranger, certificate));
        assert.deepEqual({ anonymous, other }, { anonymous: clientAuth !== 'REQUIRE', other: clientAuth === 'NONE' });
      });

      test('the peer port takes the certificate of the pods only', async () => {
        const callers = [certificate, stranger, undefined].map((own) => a.clientAt(a.peer, own, certificate));
        assert.deepEqual(await Promise.all(callers.map(reaches)), [true, false, false]);
      });
    });
  }
}

describe('a certificate that is rotated', () => {
  let mesh: MeshFixture;
  let tls: ReturnType<typeof createTlsMesh>;
  beforeEach(async () => {
    mesh = await startMeshFixture();
    tls = createTlsMesh(mesh);
  });
  afterEach(async () => {
    tls.close();
    await mesh.stop();
  });
  const sameAs = ({ certificate }: Certificate, pem: string) =>
    pem.replaceAll(/\s/g, '') === certificate.replaceAll(/\s/g, '');
  const untilShown = (address: string, own: Certificate) =>
    waitFor(async () => sameAs(own, await shownBy(address, own)), {
      timeoutMs: 5_000,
      what: `${address} to show the new one`,
    });

  test('no request fails, new connections get the new one, and pods with the old one are reached', async () => {
    const [old, next] = [meshCertificate(), meshCertificate()];
    const a = await tls.start('mm001', old, 'REQUIRE');
    const b = await tls.start('mm002', old, 'REQUIRE');
    const [toA, toB] = [a.clientAt(a.address, old, old), b.clientAt(b.address, old, old)];
    await load(toA, 'm1');
    const holder = byWhom(await toA.predict(model('m1')));
    const answers: string[] = [];
    const done = new AbortController();
    const asking = Promise.all(
      [toA, toB].map(async (client) => {
        while (!done.signal.aborted) answers.push(byWhom(await client.predict(model('m1'))));
      }),
    );

    a.volume.swap(next);
    await untilShown(a.address, next);
    // The other pods may not have the new one yet.
    assert.ok(sameAs(old, await shownBy(a.peer, old)));
    assert.deepEqual(await Promise.all([old, next, stranger].map((own) => reaches(a.clientAt(a.peer, own, old)))), [
      true,
      true,
      false,
    ]);
    const late = await tls.start('mm003', old, 'REQUIRE');
    const toLate = late.clientAt(late.address, old, old);
    assert.equal(byWhom(await toLate.predict(model('m1'))), holder);
    // Placed on the emptiest instances in turn, so that each has one.
    for (const id of ['m2', 'm3']) await load(toLate, id);
    const fresh = a.clientAt(a.address, next, next);
    assert.deepEqual((await Promise.all(['m1', 'm2', 'm3'].map((id) => fresh.predict(model(id))))).map(textOf), [
      'hello',
      'hello',
      'hello',
    ]);

    for (const { volume } of [b, late]) volume.swap(next);
    for (const { address } of [b, late]) await untilShown(address, next);
    assert.equal(byWhom(await b.clientAt(b.address, next, next).predict(model('m1'))), holder);
    done.abort();
    await asking;
    assert.deepEqual(new Set(answers), new Set([holder]));
  });

  test('files that cannot be used leave the last good ones in force', async () => {
    const [old, next] = [meshCertificate(), meshCertificate()];
    const a = await tls.start('mm001', old, 'NONE');
    const untilLogged = (count: number) =>
      waitFor(
        async () => {
          const log = readFileSync(join(mesh.folder, 'mm001.log'), 'utf8');
          return log.split('The TLS files cannot be used').length > count;
        },
        { timeoutMs: 5_000, what: `${count} lines of the log` },
      );
    a.volume.swap({ certificate: next.certificate, key: old.key });
    await untilLogged(1);
    a.volume.swap({ certificate: 'nonsense', key: next.key });
    await untilLogged(2);
    assert.ok(sameAs(old, await shownBy(a.address)));
    a.volume.swap(next);
    await untilShown(a.address, next);
  });
});
