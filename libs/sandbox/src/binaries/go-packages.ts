import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One package that a build needs. */
export type GoPackage = {
  readonly path: string;
  /** Paths of the packages that are compiled before it. */
  readonly imports: readonly string[];
  /** Size of its sources, in bytes. */
  readonly bytes: number;
};

const FORMAT = '{{.ImportPath}}|{{.Dir}}|{{join .Imports " "}}|{{join .GoFiles " "}}';

/**
 * Lists everything that a build of these packages compiles, the standard library included. Fetches the sources.
 * @throws Error with the output of Go
 */
export async function listPackages(
  packages: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly GoPackage[]> {
  const { stdout } = await run('go', ['list', '-deps', '-f', FORMAT, ...packages], { cwd, env, maxBuffer: 2 ** 26 });
  return stdout.trimEnd().split('\n').map(parseLine);
}

function parseLine(line: string): GoPackage {
  const [path = '', folder = '', imports = '', files = ''] = line.split('|');
  const sizes = words(files).map((file) => statSync(join(folder, file)).size);
  return { path, imports: words(imports), bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
