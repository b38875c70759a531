/**
 * Generates the TypeScript of `proto/` into `libs/modelmesh/src/gen/`, offline: buf's own compiler and ts-proto come from npm.
 * `--check` generates into a temporary folder instead, and fails with the names of the files that are not current.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules/.bin');
const target = join(root, 'libs/modelmesh/src/gen');

const OPTIONS = [
  'outputServices=nice-grpc',
  'outputServices=generic-definitions',
  'useExactTypes=false',
  'forceLong=bigint',
  'oneof=unions-value',
  'enumsAsLiterals=true',
  'importSuffix=.ts',
  'outputJsonMethods=false',
  'env=node',
];

function generateInto(folder: string, scratch: string): void {
  const template = join(scratch, 'buf.gen.json');
  const plugin = { local: join(binaries, 'protoc-gen-ts_proto'), out: folder, opt: OPTIONS };
  writeFileSync(template, JSON.stringify({ version: 'v2', plugins: [plugin] }));
  execFileSync(join(binaries, 'buf'), ['generate', '--template', template], {
    cwd: join(root, 'proto'),
    stdio: 'inherit',
  });
}

function filesOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Files that one folder lacks, or that differ. */
function differences(left: string, right: string): readonly string[] {
  const names = [...new Set([...filesOf(left), ...filesOf(right)])].sort();
  const read = (folder: string, name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  return names.filter((name) => read(left, name) !== read(right, name));
}

const scratch = mkdtempSync(join(tmpdir(), 'meshkeeper-generate-'));
try {
  const fresh = join(scratch, 'gen');
  mkdirSync(fresh);
  generateInto(fresh, scratch);
  if (process.argv.includes('--check')) {
    const stale = differences(target, fresh);
    if (stale.length > 0) {
      console.error(
        `Not current, run \`npm run generate\`:\n${stale.map((name) => `  ${relative(root, join(target, name))}`).join('\n')}`,
      );
      process.exitCode = 1;
    }
  } else {
    rmSync(target, { recursive: true, force: true });
    cpSync(fresh, target, { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
