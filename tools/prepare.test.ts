import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';

/** A repository with a builder and an npm that only record their arguments. */
function newRepository(): string {
  const root = mkdtempSync(join(tmpdir(), 'prepare-'));
  onTestEnd(() => rmSync(root, { recursive: true }));
  const at = (...names: readonly string[]): string => join(root, ...names);
  for (const folder of ['tools', 'bin', 'libs/sandbox/src/binaries']) mkdirSync(at(folder), { recursive: true });
  cpSync(join(import.meta.dirname, 'prepare.mjs'), at('tools', 'prepare.mjs'));
  writeFileSync(at('bin', 'npm'), `#!/bin/sh\necho "$@" > "${at('npm.txt')}"\nexit 3\n`, { mode: 0o755 });
  const record = `import { writeFileSync } from 'node:fs';\nwriteFileSync('${at('built.txt')}', process.argv.slice(2).join(' '));\n`;
  writeFileSync(at('libs/sandbox/src/binaries/build-ahead.ts'), record);
  return root;
}

function prepare(root: string, ...args: readonly string[]): number {
  const env = { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH']}` };
  try {
    execFileSync(process.execPath, [join(root, 'tools', 'prepare.mjs'), ...args], { env, stdio: 'pipe' });
    return 0;
  } catch (error) {
    return (error as { readonly status: number }).status;
  }
}

test('on the first time the packages are installed and the programs are built concurrently', async () => {
  const root = newRepository();
  assert.equal(prepare(root, 'test'), 3);
  assert.equal(readFileSync(join(root, 'npm.txt'), 'utf8').trim(), 'install --no-audit --no-fund --loglevel=error');
  const built = join(root, 'built.txt');
  await waitFor(() => existsSync(built) && readFileSync(built, 'utf8') === 'test', {
    timeoutMs: 10_000,
    what: 'the build to begin',
  });
});

test('once packages are there, only what changed of them is installed', () => {
  const root = newRepository();
  mkdirSync(join(root, 'node_modules'));
  assert.equal(prepare(root), 3);
  assert.deepEqual([existsSync(join(root, 'npm.txt')), existsSync(join(root, 'built.txt'))], [true, false]);
});
