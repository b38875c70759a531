import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { Etcd3 } from 'etcd3';
import { createAuthority, createLeaf, type Authority } from '@meshkeeper/certificates';
import { CallError } from '@meshkeeper/domain/call-error';
import { startEtcd, type EtcdServer } from '@meshkeeper/sandbox';
import { createEtcdClient, parseEtcdConnection, type EtcdClient } from '../src/index.ts';
import { useTokens } from '../src/token.ts';

const PASSWORD = 'correct horse';

describe('an etcd with users, whose certificate carries another name', () => {
  let folder: string;
  let authority: Authority;
  let etcd: EtcdServer;
  const start = (port?: number) =>
    startEtcd({
      folder,
      ...(port === undefined ? {} : { port }),
      tls: { certificateFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') },
    });
  const connect = (overrides: object = {}): EtcdClient =>
    createEtcdClient(
      parseEtcdConnection(
        JSON.stringify({
          endpoints: etcd.endpoint,
          root_prefix: 'root',
          certificate: authority.certificate,
          override_authority: 'etcd.example',
          userid: 'root',
          password: PASSWORD,
          ...overrides,
        }),
      ),
    );

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshkeeper-etcd-users-'));
    authority = createAuthority('etcd test authority', new Date());
    const leaf = createLeaf(authority, { commonName: 'etcd', usage: 'server', hosts: ['etcd.example'] }, new Date());
    writeFileSync(join(folder, 'tls.crt'), leaf.certificate);
    writeFileSync(join(folder, 'tls.key'), leaf.key);
    etcd = await start();
    await enableUsers();
  });
  afterAll(async () => {
    await etcd.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });

  async function asAdmin(work: (admin: Etcd3) => Promise<unknown>): Promise<void> {
    const admin = new Etcd3({
      hosts: etcd.endpoint,
      credentials: { rootCertificate: Buffer.from(authority.certificate) },
      grpcOptions: { 'grpc.ssl_target_name_override': 'etcd.example' },
    });
    await work(admin).finally(() => admin.close());
  }

  const enableUsers = () =>
    asAdmin(async (admin) => {
      await admin.user('root').create(PASSWORD);
      await admin.role('root').create();
      await admin.user('root').addRole('root');
      await admin.auth.authEnable();
    });

  /** A restart alone does not: etcd assigns the tokens again that are in its log. */
  const forgetTokens = () =>
    asAdmin(async (admin) => {
      const { token } = await admin.auth.authenticate({ name: 'root', password: PASSWORD });
      const metadata = new Metadata();
      metadata.set('token', token);
      useTokens(admin, { getMetadata: () => Promise.resolve(metadata), invalidateMetadata: () => undefined });
      await admin.auth.authDisable();
      await admin.auth.authEnable();
    });

  test('keys, leases and watches carry the token of the user', async () => {
    const client = connect();
    const lease = await client.grantLease(30);
    const revision = await client.put('root/a', '1', { lease });
    assert.equal(await client.keepLeaseAlive(lease), 30);
    const watch = client.watchPrefix({ prefix: 'root/', fromRevision: revision, signal: AbortSignal.timeout(10_000) });
    const [event] = await Array.fromAsync(take(watch, 1));
    assert.deepEqual(event?.kind === 'events' && event.events.map(({ key, value }) => [key, value]), [['root/a', '1']]);
    client.close();
  });

  test('a token that etcd has forgotten is requested again', async () => {
    const client = connect();
    await client.put('root/b', '1');
    await forgetTokens();
    assert.equal((await client.get('root/b')).entry?.value, '1');
    client.close();
  });

  test('a watch that is refused for its token has a new one when it is resumed', async () => {
    const client = connect();
    const revision = await client.put('root/c', '1');
    await forgetTokens();
    const resume = () =>
      Array.fromAsync(
        take(client.watchPrefix({ prefix: 'root/c', fromRevision: revision, signal: AbortSignal.timeout(10_000) }), 1),
      );
    await assert.rejects(resume(), { kind: 'Transient', message: /invalid auth token/ });
    const [batch] = await resume();
    assert.deepEqual(batch?.kind === 'events' && batch.events.map(({ value }) => value), ['1']);
    client.close();
  });

  test('a wrong password is refused with etcd’s own words, and a name that the certificate lacks is no connection', async () => {
    const wrong = connect({ password: 'wrong' });
    await assert.rejects(wrong.readHead(), (error) => {
      assert.ok(error instanceof CallError);
      assert.deepEqual([error.kind, error.code], ['Terminal', 'INVALID_ARGUMENT']);
      assert.match(error.message, /authentication failed, invalid user ID or password/);
      return true;
    });
    wrong.close();
    const unnamed = connect({ override_authority: 'other.example' });
    await assert.rejects(unnamed.readHead(), { code: 'UNAVAILABLE' });
    unnamed.close();
  });
});

async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}
