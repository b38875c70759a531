import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { contextNamespace, kubeAccess } from './credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, config: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  return file;
}

const cluster = (name: string, server: string) => ({ name, cluster: { server } });
const user = (name: string, token: string) => ({ name, user: { token } });
const context = (name: string, of: string, namespace: string) => ({
  name,
  context: { cluster: of, user: of, namespace },
});

const first = write('first', {
  'current-context': 'a',
  clusters: [cluster('a', 'https://a/')],
  users: [user('a', 'of-a')],
  contexts: [context('a', 'a', 'team-a'), context('split', 'b', 'team-b')],
});
const second = write('second', {
  'current-context': 'b',
  clusters: [cluster('a', 'https://other'), cluster('b', 'https://b')],
  users: [user('b', 'of-b')],
  contexts: [context('a', 'b', 'other')],
});
const both = [first, second].join(delimiter);

async function accessOf(file: string, name?: string): Promise<readonly unknown[]> {
  const { url, headers } = await kubeAccess({ file, context: name })(false);
  return [url, headers['Authorization']];
}

describe('several kubeconfigs', () => {
  test('are merged as kubectl does: of each name the first entry counts, also of the current context', async () => {
    assert.deepEqual(await accessOf(both), ['https://a', 'Bearer of-a']);
    assert.equal(contextNamespace({ file: both }), 'team-a');
    const reversed = [second, first].join(delimiter);
    assert.deepEqual(await accessOf(reversed, 'a'), ['https://b', 'Bearer of-b']);
  });

  test('may hold the context, the cluster and the user apart', async () => {
    assert.deepEqual(await accessOf(both, 'split'), ['https://b', 'Bearer of-b']);
  });

  test('may name files that do not exist, unless none does', async () => {
    const absent = join(folder, 'absent');
    assert.deepEqual(await accessOf([absent, '', first].join(delimiter)), ['https://a', 'Bearer of-a']);
    const message = new RegExp(`^Cannot read the kubeconfig ${absent}: ENOENT`);
    assert.throws(() => kubeAccess({ file: absent }), { name: 'CallError', message });
  });

  test('are those of KUBECONFIG where no file is given', () => {
    const { KUBECONFIG } = process.env;
    process.env['KUBECONFIG'] = both;
    try {
      assert.equal(contextNamespace({ context: 'split' }), 'team-b');
    } finally {
      if (KUBECONFIG === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = KUBECONFIG;
    }
  });
});

test('a context that does not exist is named, with those that do', () => {
  const message = 'The kubeconfig has no context nowhere; it has a, split';
  assert.throws(() => kubeAccess({ file: both, context: 'nowhere' }), { message });
});
