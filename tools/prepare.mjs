/**
 * `npm start` and `npm test` begin here, with any Node from version 20 on: it installs the packages, Node 24 among them. On the first time
 * the Go programs, which take minutes, are built concurrently; arguments are passed on to that.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const builder = join(root, 'libs', 'sandbox', 'src', 'binaries', 'build-ahead.ts');

/** The command of a Node that runs TypeScript; undefined on a platform that has none on npm. */
function newerNode() {
  if (process.features.typescript) return [process.execPath];
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const platform = `${process.platform}-${process.arch}`;
  const found = Object.entries(optionalDependencies).find(([name]) => name.endsWith(platform));
  return found && ['npm', 'exec', '--yes', `--package=${found.join('@')}`, '--', 'node'];
}

if (!existsSync(join(root, 'node_modules'))) {
  const [command, ...args] = newerNode() ?? [];
  // In the process group of this script, so that Ctrl-C ends it as well.
  if (command)
    spawn(command, [...args, builder, ...process.argv.slice(2)], { stdio: 'ignore' })
      .on('error', () => {})
      .unref();
}
const install = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
process.exitCode = spawnSync('npm', install, { cwd: root, stdio: 'inherit' }).status ?? 1;
