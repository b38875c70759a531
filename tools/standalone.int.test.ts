import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const INSTALL = [
  'install',
  '--omit=dev',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--prefer-offline',
];

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'meshkeeper-alone-'));
  const kept = ['apps', 'libs', 'examples', 'package.json', 'package-lock.json', '.npmrc'];
  const files = execFileSync('git', ['ls-files', ...kept], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const file of files) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Starts the program until it has printed something or ended. Without settings most end with a sentence about them. */
function firstWords(app: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HTTP_PORT: 'none', HOME: copy };
    const child = spawn(process.execPath, [`apps/${app}/src/main.ts`, '--help'], { cwd: copy, env });
    let words = '';
    const collect = (chunk: Buffer): void => {
      words += chunk.toString();
      child.kill();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', () => resolve(words));
  });
}

test.each(readdirSync(join(ROOT, 'apps')))(
  '%s starts where it alone is installed, without development packages',
  async (app) => {
    execFileSync('npm', [...INSTALL, '-w', `@meshkeeper/${app}-app`], { cwd: copy, stdio: 'pipe' });
    const words = await firstWords(app);
    expect(words).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find (module|package)/);
    expect(words).not.toBe('');
  },
);
