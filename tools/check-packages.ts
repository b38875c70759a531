/**
 * Fails when a package imports what its package.json does not declare: it would work in this repository, where all packages share one
 * node_modules, and not where it is installed alone. Sources need `dependencies`, tests and benches may use `devDependencies`, too.
 */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';

type Manifest = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

const IMPORT = /(?:from |import\(|^import |import\.meta\.resolve\()'([^'.][^']*)'/gm;
const TEST = /\.test\.ts$|\/(test|bench|testing)\//;

const problems = globSync('{apps,libs}/*/package.json').flatMap((file) => {
  const folder = file.slice(0, -'/package.json'.length);
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const sources = globSync(`${folder}/{src,test,bench}/**/*.ts`, { exclude: (name) => name === 'node_modules' });
  return sources.flatMap((source) => undeclared(source, manifest));
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function undeclared(file: string, { name, dependencies = {}, devDependencies = {} }: Manifest): readonly string[] {
  const declared = TEST.test(file) ? { ...dependencies, ...devDependencies } : dependencies;
  const isKnown = (wanted: string): boolean => wanted === name || wanted in declared || isBuiltin(wanted);
  const imported = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, path = '']) => packageOf(path));
  return [...new Set(imported)]
    .filter((wanted) => !isKnown(wanted))
    .map((wanted) => `${file} imports ${wanted}, which ${name} does not declare`);
}

function packageOf(path: string): string {
  if (path.startsWith('node:')) return path;
  const parts = path.split('/');
  return path.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? path);
}
