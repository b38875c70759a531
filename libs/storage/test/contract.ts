import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type StorageLimits } from '../src/limits.ts';
import type { PullTarget, StorageConfig } from '../src/provider.ts';
import { createLimitedStorage } from '../src/storage.ts';
import { StorageError, type StorageReason } from '../src/storage-error.ts';
import { filesBelow } from './files-below.ts';

/** A real store with one bucket in it. */
export type StoreUnderTest = {
  /** `bucket 'models'`, as sentences name it. */
  readonly place: string;
  /** A configuration that is right now. */
  config(): StorageConfig;
  /** The same with another secret. */
  wrongCredentials(): StorageConfig;
  /** The same for a bucket that does not exist. */
  otherBucket(): StorageConfig;
  put(key: string, content: string | Buffer): Promise<void>;
  /** Replaces the credentials; the old ones are refused afterwards. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
};

/** The rules that hold for every object store. */
export function describeProvider(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let store: StoreUnderTest;
    const root = mkdtempSync(join(tmpdir(), 'storage-contract-'));
    const folder = join(root, 'models', 'a-model');
    beforeAll(async () => {
      store = await make();
    });
    afterAll(async () => {
      await store.stop();
      rmSync(root, { recursive: true, force: true });
    });

    const pull = async (
      targets: readonly PullTarget[],
      { config = store.config(), limits = {}, signal = new AbortController().signal }: PullWith = {},
    ): Promise<Readonly<Record<string, string>>> => {
      const storage = createLimitedStorage({ pvcMounts: '/none' }, { ...DEFAULT_LIMITS, ...limits });
      try {
        await storage.pull({ config, targets, folder, signal });
        return filesBelow(folder);
      } finally {
        await storage.stop();
      }
    };

    test('one object takes the local name', async () => {
      await store.put('one/model.bin', 'content');
      assert.deepEqual(await pull([{ path: 'one/model.bin', localName: 'model.bin' }]), { 'model.bin': 'content' });
    });

    test('all objects under a path come, with folders as they are; neighbours with a longer name do not', async () => {
      await store.put('many/a.txt', 'a');
      await store.put('many/deep/er/b.txt', 'b');
      await store.put('many-more/c.txt', 'c');
      const expected = { 'm/a.txt': 'a', 'm/deep/er/b.txt': 'b' };
      assert.deepEqual(await pull([{ path: 'many', localName: 'm' }]), expected);
      assert.deepEqual(await pull([{ path: 'many/', localName: 'm' }]), expected);
    });

    test('a model and its schema come into one folder', async () => {
      await store.put('with/model/x', 'x');
      await store.put('with/schema.json', '{}');
      const targets = [
        { path: 'with/model', localName: 'model' },
        { path: 'with/schema.json', localName: '_schema.json' },
      ];
      assert.deepEqual(await pull(targets), { 'model/x': 'x', '_schema.json': '{}' });
    });

    test('empty objects are dropped', async () => {
      await store.put('empties/a', 'a');
      await store.put('empties/b', '');
      assert.deepEqual(await pull([{ path: 'empties', localName: 'e' }]), { 'e/a': 'a' });
    });

    test('names with spaces, signs, dots and other scripts are kept', async () => {
      const names = ['with space', 'per%25cent+plus', '..two', 'a..b', 'ünïcode-模型', 'q?x#y', "it's & <that>"];
      for (const each of names) await store.put(`names/${each}`, each);
      const expected = Object.fromEntries(names.map((each) => [`n/${each}`, each]));
      assert.deepEqual(await pull([{ path: 'names', localName: 'n' }]), expected);
    });

    test('defect 1: all pages of a listing are pulled', async () => {
      const keys = Array.from({ length: 120 }, (_, index) => `pages/${index}`);
      await Promise.all(keys.map((key) => store.put(key, key)));
      const pulled = await pull([{ path: 'pages', localName: 'p' }], { limits: { pageSize: 50 } });
      assert.equal(Object.keys(pulled).length, 120);
    });

    test('a large object comes whole', async () => {
      const content = Buffer.alloc(9 * 1_048_576 + 17, 'large');
      await store.put('large/model', content);
      await pull([{ path: 'large/model', localName: 'model' }]);
      assert.ok(readFileSync(join(folder, 'model')).equals(content));
    });

    test('defect 14: what an earlier pull left is gone', async () => {
      await store.put('first/old', 'old');
      await store.put('second/new', 'new');
      await pull([{ path: 'first', localName: 'm' }]);
      assert.deepEqual(await pull([{ path: 'second', localName: 'm' }]), { 'm/new': 'new' });
    });

    const failures: readonly [string, () => PullWith, string, StorageReason, (place: string) => string][] = [
      [
        'a path that matches nothing is named',
        () => ({}),
        'nothing',
        'NotFound',
        (p) => `no object of ${p} matches the path 'nothing'`,
      ],
      ['an empty path matches nothing', () => ({}), '', 'NotFound', (p) => `no object of ${p} matches the path ''`],
      [
        'a path with a leading slash matches nothing',
        () => ({}),
        '/one',
        'NotFound',
        (p) => `no object of ${p} matches the path '/one'`,
      ],
      [
        'a missing bucket is named',
        () => ({ config: store.otherBucket() }),
        'one',
        'NotFound',
        (p) => `${p.split("'")[0]}'no-such-one' was not found (404)`,
      ],
    ];
    for (const [rule, how, path, reason, message] of failures) {
      test(rule, async () => {
        await assert.rejects(pull([{ path, localName: 'm' }], how()), failure(reason, message(store.place)));
        assert.equal(existsSync(folder), false);
      });
    }

    test('wrong credentials are refused, and not shown', async () => {
      const config = store.wrongCredentials();
      const error = await pull([{ path: 'one', localName: 'm' }], { config }).catch((error: unknown) => error);
      assert.ok(error instanceof StorageError);
      assert.equal(error.reason, 'Forbidden', error.message);
      assert.equal(existsSync(folder), false);
      const shown = `${error.stack ?? ''} ${String((error.cause as Error | undefined)?.stack)}`;
      for (const key of ['access_key_id', 'secret_access_key', 'private_key', 'connection_string']) {
        if (typeof config[key] === 'string') assert.ok(!shown.includes(config[key]), key);
      }
    });

    test('a pull that is cancelled while it writes leaves nothing', async () => {
      await store.put('cancelled/a', Buffer.alloc(3 * 1_048_576, 'a'));
      await store.put('cancelled/b', 'b');
      const controller = new AbortController();
      const openFile = (path: string) => {
        controller.abort();
        return DEFAULT_LIMITS.openFile(path);
      };
      const targets = [{ path: 'cancelled', localName: 'c' }];
      const cancelled = pull(targets, { limits: { openFile }, signal: controller.signal });
      await assert.rejects(cancelled, failure('Cancelled', 'the pull was cancelled'));
      assert.equal(existsSync(folder), false);
      assert.deepEqual(Object.keys(await pull(targets)).sort(), ['c/a', 'c/b']);
    });

    test('a rotated credential gets a client of its own; the old one is refused', async () => {
      const storage = createLimitedStorage({ pvcMounts: '/none' }, DEFAULT_LIMITS);
      const targets = [{ path: 'one/model.bin', localName: 'model.bin' }];
      const pullWith = (config: StorageConfig) =>
        storage.pull({ config, targets, folder, signal: new AbortController().signal });
      const old = store.config();
      await pullWith(old);
      await pullWith(old);
      assert.equal(storage.clients(), 1);
      await store.rotate();
      await assert.rejects(pullWith(old), { reason: 'Forbidden' });
      await pullWith(store.config());
      assert.equal(storage.clients(), 2);
      assert.deepEqual(filesBelow(folder), { 'model.bin': 'content' });
      await storage.stop();
      assert.equal(storage.clients(), 0);
    });
  });
}

type PullWith = {
  readonly config?: StorageConfig;
  readonly limits?: Partial<StorageLimits>;
  readonly signal?: AbortSignal;
};

function failure(reason: StorageReason, message: string): Record<string, string> {
  return { name: 'StorageError', reason, message };
}
