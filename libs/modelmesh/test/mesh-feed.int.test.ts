import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError, type Change, type SourceFeed } from '@meshkeeper/domain';
import { startEtcd, type EtcdServer } from '@meshkeeper/sandbox';
import { createEtcdClient, readKvStore, type EtcdClient } from '@meshkeeper/etcd';
import { createMeshFeed, createMeshRecords } from '../src/index.ts';

const NEVER = new AbortController().signal;
const shown = (changes: readonly Change[]): string[] =>
  changes.map(({ op, namespace, name, body }) => `${op} ${namespace} ${name} ${body}`);

describe('the records of the mesh as a source', () => {
  let folder: string;
  let etcd: EtcdServer;
  let client: EtcdClient;
  /** The name of the inference Service; undefined while unknown. */
  let name: string | undefined;
  let feed: SourceFeed;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshkeeper-feed-'));
    etcd = await startEtcd({ folder });
    client = createEtcdClient(readKvStore(`${etcd.endpoint};rootPrefix=root`));
    for (const service of ['one', 'two']) {
      await client.put(`root/mm/${service}/vmodels/a`, `{"o":"isvc","amid":"${service}"}`);
      await client.put(`root/mm_ns/team-a/mm/${service}/registry/b__isvc-0123456789`, `"${service}"`);
      await client.put(`root/mm/${service}/instances/i`, '{}');
      await client.put(`root/other/${service}/vmodels/c`, '{}');
    }
  });
  beforeEach(() => {
    name = 'one';
    const readService = async (): Promise<string> => {
      if (name === undefined) throw new CallError('Transient', 'no name', { code: 'ConfigurationUnknown' });
      return name;
    };
    feed = createMeshFeed({ etcd: client, ownNamespace: 'own', readService, lookEveryMs: 20 });
  });
  afterAll(async () => {
    client.close();
    await etcd.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });

  async function list(): Promise<{ readonly revision: string; readonly changes: readonly string[] }> {
    const changes: Change[] = [];
    let revision = '';
    for await (const page of feed.list(NEVER)) {
      changes.push(...page.changes);
      ({ revision } = page);
    }
    return { revision, changes: shown(changes) };
  }

  async function failure(work: Promise<unknown>): Promise<Pick<CallError, 'kind' | 'code' | 'message'>> {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CallError, `It gave ${String(error)}`);
    return { kind: error.kind, code: error.code, message: error.message };
  }

  const renamed = {
    kind: 'Transient',
    code: 'ServiceRenamed',
    message: 'The inference Service is called two now, no longer one',
  };
  const ofService = (service: string): string[] => [
    `put own vmodels/a {"o":"isvc","amid":"${service}"}`,
    `put team-a registry/b__isvc-0123456789 "${service}"`,
  ];

  test('are those of VModels and models under the name of the inference Service, which is part of the identity', async () => {
    const first = await feed.readHead(NEVER);
    assert.match(first.identity, /^[0-9a-f]+\/one$/);
    assert.deepEqual((await list()).changes, ofService('one'));
    name = 'two';
    const second = await feed.readHead(NEVER);
    assert.equal(second.identity, first.identity.replace('/one', '/two'));
    assert.deepEqual((await list()).changes, ofService('two'));
  });

  test('are watched, deletions included', async () => {
    const { head } = await feed.readHead(NEVER);
    await client.put('root/mm/two/vmodels/d', '{}');
    await client.put('root/mm/one/vmodels/d', '{"o":"ksp"}');
    await client.delete('root/mm/one/vmodels/d');
    const seen: string[] = [];
    for await (const { changes } of feed.watch(head, NEVER)) {
      seen.push(...shown(changes));
      if (seen.length >= 2) break;
    }
    assert.deepEqual(seen, ['put own vmodels/d {"o":"ksp"}', 'absent own vmodels/d ']);
  });

  test('an open watch ends when the Service has another name, and so does a list under the old one', async () => {
    const { head } = await feed.readHead(NEVER);
    const watching = (async () => {
      for await (const _ of feed.watch(head, NEVER));
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    name = 'two';
    assert.deepEqual(await failure(watching), renamed);
    assert.deepEqual(await failure(list()), renamed);
  });

  test('a watch continues while the name cannot be read, and ends when it is stopped', async () => {
    const { head } = await feed.readHead(NEVER);
    name = undefined;
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { changes } of feed.watch(head, stop.signal)) seen.push(...shown(changes));
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.put('root/mm/one/vmodels/e', '{}');
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await watching;
    assert.deepEqual(seen, ['put own vmodels/e {}']);
  });

  test('have no head while the name is not known', async () => {
    name = undefined;
    assert.equal((await failure(feed.readHead(NEVER))).code, 'ConfigurationUnknown');
  });

  test('are read one by one under the requested name', async () => {
    const records = createMeshRecords({ etcd: client, ownNamespace: 'own' });
    assert.equal((await records.readVModel('two', 'own', 'a')).value, '{"o":"isvc","amid":"two"}');
    assert.equal((await records.readVModel('two', 'team-a', 'a')).value, undefined);
  });
});
