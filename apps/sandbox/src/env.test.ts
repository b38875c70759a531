import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'env-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function env(state: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const args = [join(import.meta.dirname, 'env.ts'), '--state', state];
    const options = { cwd: folder, env: { ...process.env, INIT_CWD: folder } };
    const child = execFile(process.execPath, args, options, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('a shell gets the addresses that the sandbox of the state folder recorded', async () => {
  const state = join(folder, "it's");
  mkdirSync(state);
  writeFileSync(join(state, 'kubeconfig'), '');
  const ports = { api: 1, meshEtcd: 2, redis: 3, console: 4, objectStore: 5 };
  writeFileSync(join(state, 'state.json'), JSON.stringify({ second: 64, ports, binaries: '/b' }));
  const quoted = `'${folder}/it'\\''s`;
  const words = [
    `export KUBECONFIG=${quoted}/kubeconfig'`,
    `export MESHKEEPER_SANDBOX=${quoted}'`,
    'export MESHKEEPER_CONSOLE=http://127.0.0.1:4',
    `export PATH='/b':"$PATH"`,
  ];
  assert.deepEqual(await env("it's"), { code: 0, out: `${words.join('; ')}\n`, err: '' });
});

test('without a sandbox it names the command that starts one', async () => {
  const state = join(folder, 'none');
  const err = `There is no sandbox in ${state}: npm start -- --state ${state} makes one.\n`;
  assert.deepEqual(await env('none'), { code: 1, out: '', err });
});
