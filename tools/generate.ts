/**
 * Generates the TypeScript of `proto/` into the libraries that own each contract (`src/gen/`), and the pages on configuration and reasons, offline: buf's own compiler and
 * ts-proto come from npm. `--check` generates into a temporary folder only, and fails with the names of the files that are not current.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { configurationPage } from './configuration-page.ts';
import { troubleshootingPage } from './troubleshooting-page.ts';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules/.bin');
/** The folder of generated code for each folder of `proto/`: the library that implements or calls these services. */
const CODE: Readonly<Record<string, string>> = {
  etcd: 'libs/etcd/src/gen',
  inference: 'libs/open-inference/src/gen',
  mmesh: 'libs/modelmesh/src/gen',
  torchserve: 'libs/model-servers/src/gen',
};
const PAGES: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/troubleshooting.md': troubleshootingPage,
};

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

function generateCode(proto: string, folder: string, scratch: string): void {
  mkdirSync(folder, { recursive: true });
  const template = join(scratch, 'buf.gen.json');
  const plugin = { local: join(binaries, 'protoc-gen-ts_proto'), out: folder, opt: OPTIONS };
  writeFileSync(template, JSON.stringify({ version: 'v2', plugins: [plugin] }));
  execFileSync(join(binaries, 'buf'), ['generate', '--template', template, '--path', proto], {
    cwd: join(root, 'proto'),
    stdio: 'inherit',
  });
}

/** The page as the formatter leaves it, which knows how wide a table is. */
function generatePage(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  execFileSync(join(binaries, 'oxfmt'), ['--config', join(root, '.oxfmtrc.json'), file], { cwd: dirname(file) });
}

/** The files of a folder, or a file alone, by their names in `folder`. */
function filesOf(folder: string, target: string): readonly string[] {
  const path = join(folder, target);
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [target];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Files of a target that one folder lacks, or that differ. */
function differences(left: string, right: string, target: string): readonly string[] {
  const names = [...new Set([...filesOf(left, target), ...filesOf(right, target)])].sort();
  const read = (folder: string, name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  return names.filter((name) => read(left, name) !== read(right, name));
}

const scratch = mkdtempSync(join(tmpdir(), 'meshkeeper-generate-'));
try {
  for (const [proto, folder] of Object.entries(CODE)) generateCode(proto, join(scratch, folder), scratch);
  for (const [page, make] of Object.entries(PAGES)) generatePage(join(scratch, page), make());
  const targets = [...Object.values(CODE), ...Object.keys(PAGES)];
  if (process.argv.includes('--check')) {
    const stale = targets.flatMap((target) => differences(root, scratch, target));
    if (stale.length > 0) {
      console.error(`Not current, run \`npm run generate\`:\n${stale.map((name) => `  ${name}`).join('\n')}`);
      process.exitCode = 1;
    }
  } else {
    for (const target of targets) {
      rmSync(join(root, target), { recursive: true, force: true });
      cpSync(join(scratch, target), join(root, target), { recursive: true });
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
