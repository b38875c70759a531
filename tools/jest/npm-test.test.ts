import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestEnd } from '@meshkeeper/testing';

const ROOT = join(import.meta.dirname, '..', '..');

const LATE = `test('a', () => {
  setTimeout(() => { throw new Error('thrown late'); }, 1);
  return new Promise((resolve) => setTimeout(resolve, 1_000));
});`;

type Ran = { readonly code: number; readonly out: string; readonly lastLine: string };

/** Runs `npm test -- WORD...` in a repository with these test files in `libs/a`. */
async function npmTest(files: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<Ran> {
  const repository = mkdtempSync(join(tmpdir(), 'npm-test-'));
  onTestEnd(() => rmSync(repository, { recursive: true }));
  for (const folder of ['apps', 'examples', 'libs/a']) mkdirSync(join(repository, folder), { recursive: true });
  for (const link of ['tools', 'node_modules']) symlinkSync(join(ROOT, link), join(repository, link));
  for (const copy of ['jest.config.ts', 'package.json']) cpSync(join(ROOT, copy), join(repository, copy));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(repository, 'libs/a', name), content);
  const args = [join('tools', 'test.ts'), ...words];
  const env = { ...process.env, FORCE_COLOR: '0' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: repository, env }, (_error, out) => {
      resolve({ code: child.exitCode ?? -1, out, lastLine: out.trimEnd().split('\n').at(-1) ?? '' });
    });
  });
}

test('the last line counts what passed, and only files whose path contains a word are run', async () => {
  const files = { 'one.test.ts': "test('a', () => {});", 'two.test.ts': "test('b', () => {});", 'other.test.ts': '!' };
  const { code, out, lastLine } = await npmTest(files, 'a/one', 'a/two');
  assert.deepEqual([code, lastLine], [0, '2 passed, 0 failed'], out);
});

test('a failure is reported with its file, its full name and the difference', async () => {
  const test = "test('rule', () => assert.deepEqual({ a: 1, b: 2 }, { a: 1, b: 3 }));";
  // The skipped case is there to be counted in the last line.
  const content = `import assert from 'node:assert/strict'; describe('group', () => { ${test} test.skip('later', () => {}); });`;
  const { code, out, lastLine } = await npmTest({ 'one.test.ts': content }, 'libs/a');
  assert.deepEqual([code, lastLine], [1, '0 passed, 1 failed, 1 skipped'], out);
  for (const part of [/FAIL .*libs\/a\/one[.]test[.]ts/, /group > rule/, /[+] {3}b: 2\n\s*- {3}b: 3/])
    assert.match(out, part);
});

test.each([
  ['cannot be loaded', "import './nowhere.ts'; test('a', () => {});", /Cannot find module '.*nowhere[.]ts'/],
  ['has no test', 'export {};', /must contain at least one test/],
  ['throws after its tests', LATE, /thrown late/],
])('a file that %s is a failure', async (_name, content, message) => {
  const { code, out, lastLine } = await npmTest({ 'one.test.ts': content }, 'libs/a');
  assert.deepEqual([code, lastLine], [1, '0 passed, 1 failed'], out);
  assert.match(out, message);
});

test('running no test is a failure', async () => {
  const { code, out } = await npmTest({}, 'nowhere');
  assert.deepEqual([code, out], [1, '0 passed, 0 failed\n']);
});

test('a test that hangs is a failure when its time is over, and its clean-up still runs', async () => {
  const content = `import { onTestEnd } from '@meshkeeper/testing';
    test('waits', () => { onTestEnd(() => console.log('tidied up')); return new Promise(() => {}); }, 200);
    test('continues', () => {});`;
  const { code, out, lastLine } = await npmTest({ 'one.test.ts': content }, 'libs/a');
  assert.deepEqual([code, lastLine], [1, '1 passed, 1 failed'], out);
  for (const part of [/waits\n\s+Error: It has not ended after 0[.]2 s[.]/, /tidied up/]) assert.match(out, part);
});

test('where a beforeAll fails, the tests of its file fail without being run', async () => {
  const content = `beforeAll(() => { throw new Error('no server'); }); test('a', () => console.log('ran'));`;
  const { code, out, lastLine } = await npmTest({ 'one.test.ts': content }, 'libs/a');
  assert.deepEqual([code, lastLine], [1, '0 passed, 2 failed'], out);
  assert.match(out, /no server/);
  assert.doesNotMatch(out, /ran$/m);
});
